//! The envelope of what a world tells: CloudEvents 1.0, structured JSON.

use serde_json::{Value, json};

/// One thing that happened in a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    /// The CloudEvents type.
    pub kind: String,
    /// A URI reference that names the world.
    pub source: String,
    /// The thing that it is about; events of one subject keep their order.
    pub subject: String,
    /// RFC 3339.
    pub time: String,
    pub data: Value,
}

impl Event {
    /// The media type of [`Event::body`].
    pub const MEDIA_TYPE: &str = "application/cloudevents+json";

    /// The event as it is sent and signed.
    pub fn body(&self) -> String {
        json!({
            "specversion": "1.0",
            "id": self.id,
            "type": self.kind,
            "source": self.source,
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": "application/json",
            "data": self.data,
        })
        .to_string()
    }
}
