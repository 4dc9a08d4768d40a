//! The end of an invocation: nothing that changes another system leaves after it.
//!
//! Lambda kills a function at its end, and what others may take up again waits for that. A worker that stood still and
//! goes on all the same must not send what another has done meanwhile.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use super::{Body, BodyError, TransportError};
use crate::clock::Clock;
use crate::domain::Timestamp;

tokio::task_local! {
    /// Of the invocation under way; several may be under way in one process.
    static END: End;
}

/// When an invocation ends, by which clock.
#[derive(Debug, Clone)]
struct End {
    clock: Clock,
    at: Timestamp,
}

impl End {
    fn is_over(&self) -> bool {
        self.clock.now() > self.at
    }
}

/// Does the work of an invocation that ends at a time. Outside of any, nothing has an end.
pub async fn until<T>(clock: Clock, end: Timestamp, work: impl Future<Output = T>) -> T {
    END.scope(End { clock, at: end }, work).await
}

/// The request with a body that breaks off at the end of the invocation, so that the receiver never has all of it.
/// What only reads may go on.
///
/// # Errors
/// When the invocation is over: the request does not leave.
pub(super) fn guarded(request: Request<Body>) -> Result<Request<Body>, TransportError> {
    let Ok(end) = END.try_with(End::clone) else {
        return Ok(request);
    };
    if request.method() == Method::GET {
        return Ok(request);
    }
    if end.is_over() {
        return Err(TransportError::never_sent(anyhow::anyhow!(
            "the invocation ended at {}",
            end.at
        )));
    }
    Ok(request.map(|body| Guarded { body, end }.boxed()))
}

/// A body of which nothing leaves after an end.
struct Guarded {
    body: Body,
    end: End,
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match frame {
            Poll::Ready(Some(Ok(_))) if self.end.is_over() => Poll::Ready(Some(Err(BodyError))),
            frame => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use url::Url;

    use super::super::{Call, Router, Transport, piped};
    use super::*;
    use crate::failure::System;
    use crate::retry::Answer;

    /// What arrived completely at a router that reads a request only after a time, sent within an invocation of 60 s that has
    /// gone on for `before`.
    async fn arrived(system: System, method: Method, before: u64, reads_after: u64) -> (bool, Option<Answer>) {
        let clock = Clock::following_tokio(Timestamp::from_millis(0));
        let end = clock.now().after(Duration::from_secs(60));
        let is_complete = Arc::new(Mutex::new(false));
        let seen = Arc::clone(&is_complete);
        let router: Router = Arc::new(move |request| {
            let seen = Arc::clone(&seen);
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(reads_after)).await;
                request.into_body().collect().await.map_err(TransportError::lost)?;
                *seen.lock().unwrap() = true;
                Ok(http::Response::new(Bytes::new()))
            })
        });
        let transport = Transport::InProcess(router).toward(system);
        let call = Call::new(method, Url::parse("https://example.com/").unwrap()).body("text/plain", "once");
        let outcome = until(clock, end, async {
            tokio::time::sleep(Duration::from_secs(before)).await;
            transport.carry(call.request().unwrap()).await
        });
        let failed = outcome.await.err().map(|error| error.kind);
        (*is_complete.lock().unwrap(), failed)
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_that_changes_another_system_leaves_after_the_end_of_its_invocation() {
        use System::{Aws, ServiceNow, TradingGrid};
        for system in [ServiceNow, TradingGrid] {
            assert_eq!(arrived(system, Method::POST, 59, 0).await, (true, None));
            assert_eq!(arrived(system, Method::POST, 59, 2).await, (false, Some(Answer::Lost)));
            assert_eq!(
                arrived(system, Method::PATCH, 0, 900).await,
                (false, Some(Answer::Lost))
            );
            assert_eq!(
                arrived(system, Method::PUT, 61, 0).await,
                (false, Some(Answer::NeverSent))
            );
            assert_eq!(
                arrived(system, Method::GET, 61, 0).await,
                (true, None),
                "what only reads goes on"
            );
        }
        assert_eq!(
            arrived(Aws, Method::POST, 61, 0).await,
            (true, None),
            "the table knows whose turn it is"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_document_whose_last_piece_is_late_never_arrives() {
        let clock = Clock::following_tokio(Timestamp::from_millis(0));
        let router: Router = Arc::new(|request| {
            Box::pin(async move {
                let body = request.into_body().collect().await.map_err(TransportError::lost)?;
                Ok(http::Response::new(body.to_bytes()))
            })
        });
        let transport = Transport::InProcess(router).toward(System::ServiceNow);
        for (pause, arrives) in [(50, true), (70, false)] {
            let call = Call::new(Method::POST, Url::parse("https://example.com/").unwrap());
            let (feed, body) = piped(8);
            let feeds = async move {
                feed.send(Bytes::from_static(b"half")).await.unwrap();
                tokio::time::sleep(Duration::from_secs(pause)).await;
                let _ = feed.send(Bytes::from_static(b"rest")).await;
            };
            let end = clock.now().after(Duration::from_secs(60));
            let sends = until(clock.clone(), end, async {
                transport.carry(call.streaming(body).unwrap()).await
            });
            let (answer, ()) = tokio::join!(sends, feeds);
            assert_eq!(answer.is_ok(), arrives, "{pause} s");
        }
    }
}
