//! Subsegments of X-Ray: which system was called when, and how that ended.
//!
//! Lambda writes the segment of an invocation where it samples one; each call becomes a subsegment of it, by one datagram
//! to the daemon that Lambda runs beside the function. There is no URL in it and no content. A datagram that cannot be
//! sent at once is not sent: nobody waits for a trace, and nothing fails by it.
//!
//! Sources: "Sending trace data to X-Ray" and "X-Ray segment documents" in the developer guide of AWS X-Ray. The crates at
//! hand trace by OpenTelemetry, whose exporters cost more at a cold start than all the rest.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::domain::{Timestamp, hex};
use crate::failure::System;

/// What goes before each document.
const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// The way to the daemon.
#[derive(Debug, Clone)]
pub struct Daemon {
    socket: Arc<UdpSocket>,
    address: SocketAddr,
}

impl Daemon {
    /// The daemon at an address such as `169.254.79.129:2000`, or `tcp:… udp:…`; nothing where there is none to reach.
    pub fn at(address: &str) -> Option<Self> {
        let udp = address.split(' ').find_map(|one| one.strip_prefix("udp:"));
        let address: SocketAddr = udp.unwrap_or(address).trim().parse().ok()?;
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self {
            socket: Arc::new(socket),
            address,
        })
    }
}

/// An invocation that X-Ray has sampled.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    daemon: Daemon,
    root: String,
    parent: String,
}

impl Trace {
    /// Reads a header such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`; nothing
    /// where the invocation is not sampled.
    pub(super) fn of(daemon: &Daemon, header: &str) -> Option<Self> {
        let member = |name: &str| {
            let mut members = header.split(';').filter_map(|member| member.trim().split_once('='));
            members.find(|(found, _)| *found == name).map(|(_, value)| value)
        };
        let is_hex = |text: &&str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if member("Sampled") != Some("1") {
            return None;
        }
        Some(Self {
            daemon: daemon.clone(),
            root: member("Root").filter(is_hex)?.to_owned(),
            parent: member("Parent").filter(is_hex)?.to_owned(),
        })
    }

    /// Sends what there is to know of a call that has just ended.
    pub(super) fn send(&self, system: System, method: &Method, status: Option<u16>, lasted: Duration, now: Timestamp) {
        let mut document = json!({
            "type": "subsegment",
            "name": system.as_str(),
            "namespace": if system == System::Aws { "aws" } else { "remote" },
            "id": id(),
            "trace_id": self.root,
            "parent_id": self.parent,
            "start_time": seconds(now.before(lasted)),
            "end_time": seconds(now),
            "http": {"request": {"method": method.as_str()}},
            "throttle": status == Some(429),
            "error": matches!(status, Some(400..500)),
            "fault": matches!(status, None | Some(500..)),
        });
        if let Some(status) = status {
            document["http"]["response"] = json!({"status": status});
        }
        let datagram = format!("{HEADER}{document}");
        let _ = self.daemon.socket.send_to(datagram.as_bytes(), self.daemon.address);
    }
}

/// Sixteen hexadecimal digits that no other subsegment has: each new state of a hasher has keys of its own.
fn id() -> String {
    hex(&RandomState::new().build_hasher().finish().to_be_bytes())
}

/// Seconds since 1970, with the milliseconds after the point.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
fn seconds(at: Timestamp) -> f64 {
    at.millis() as f64 / 1000.0
}
