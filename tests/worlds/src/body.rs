//! Request bodies: streamed by the caller, used only when they arrived completely.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

/// The body of a request to a world.
pub type WorldBody = UnsyncBoxBody<Bytes, WorldError>;

/// Why a request body ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldError(pub String);

impl std::fmt::Display for WorldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the request body was broken off: {}", self.0)
    }
}

impl std::error::Error for WorldError {}

/// A body that is already there; empty bytes make an empty body.
pub fn full(bytes: impl Into<Bytes>) -> WorldBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// What arrived of a request body.
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    /// False when the body ended in an error, or not at its `Content-Length`.
    pub(crate) is_complete: bool,
}

/// Reads a body to its end.
pub(crate) async fn receive(headers: &HeaderMap, mut body: WorldBody) -> Received {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend(frame.into_data().unwrap_or_default()),
            Err(WorldError(_)) => {
                return Received {
                    bytes: bytes.freeze(),
                    is_complete: false,
                };
            }
        }
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let is_complete = announced.is_none_or(|length| length == bytes.len().to_string());
    Received {
        bytes: bytes.freeze(),
        is_complete,
    }
}

#[cfg(test)]
pub(crate) mod broken {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;

    use super::*;

    /// A body that gives some bytes and then an error.
    struct Broken(VecDeque<Result<Frame<Bytes>, WorldError>>);

    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = WorldError;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, WorldError>>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    pub(crate) fn broken_after(bytes: &'static [u8]) -> WorldBody {
        let lost = Err(WorldError("the caller went away".to_owned()));
        Broken([Ok(Frame::data(Bytes::from_static(bytes))), lost].into()).boxed_unsync()
    }
}
