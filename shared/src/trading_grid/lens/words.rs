//! The vocabularies of Lens: exhaustive, with what we do not know kept as it came.
//!
//! Statuses are asked for by code and come as text, and the texts differ between OpenText's own
//! sheets (`Failed` and `Delivery failed`, `ReadyForPickup` and `Ready for pickup`), so letter case and
//! everything but letters is ignored.

use std::fmt;

/// Writes a vocabulary from one table: variant, code, text, and other spellings.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:expr, $text:literal $(, $other:literal)*;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word that we do not know.
            Other(String),
        }

        impl $name {
            /// Reads a text or a code.
            pub fn parse(text: &str) -> Self {
                let letters = letters(text);
                $(if $code == Some(text.trim()) || [$text $(, $other)*].iter().any(|known| self::letters(known) == letters) {
                    return Self::$variant;
                })+
                Self::Other(text.to_owned())
            }

            /// The code to ask for it by, where there is one.
            pub fn code(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(_) => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                })
            }
        }

        #[cfg(test)]
        impl $name {
            /// All that are known.
            pub(super) const KNOWN: &[$name] = &[$(Self::$variant,)+];
        }

        impl $name {
            /// The texts of all that are known, in all their spellings.
            pub const TEXTS: &[&str] = &[$($text, $($other,)*)+];
        }
    };
}

vocabulary! {
    /// How far an exchange is.
    Status {
        /// Waits for the next scheduled send.
        Batched = Some("B"), "Batched";
        /// Reached the end of its flow.
        Completed = Some("C"), "Completed";
        /// Delivered and retrieved.
        Delivered = Some("S"), "Delivered";
        /// Canceled, will not be delivered.
        DeliveryDisabled = Some("N"), "Delivery disabled";
        /// Being pushed.
        DeliveryInProgress = Some("D"), "Delivery in progress";
        /// Halted as a duplicate.
        Duplicate = Some("U"), "Duplicate";
        /// In special processing.
        Processing = Some("P"), "Processing";
        /// Received, and not delivered after five attempts.
        OnHold = Some("H"), "On Hold";
        /// Waits for the receiver.
        ReadyForPickup = Some("R"), "Ready for pickup";
        /// No status was detected.
        Unknown = Some("Unknown"), "Unknown";
        /// A step of validation failed.
        ValidationError = Some("V"), "Validation error";
        /// Processed, and could not be delivered.
        DeliveryFailed = Some("F"), "Delivery failed", "Failed";
    }
}

vocabulary! {
    /// What became of the functional acknowledgement.
    Acknowledgement {
        /// Received and accepted.
        Accepted = Some("A"), "Accepted/Received", "Accepted";
        /// Received; Lens answers null and a warning for it.
        Received = Some("C"), "Received";
        /// Accepted with errors.
        AcceptedWithErrors = Some("E"), "Accepted with errors";
        /// Accepted by a person.
        ManuallyAccepted = Some("M"), "Manually accepted";
        /// None is expected.
        NotExpected = Some("N"), "No FA expected";
        /// Accepted in part.
        PartiallyAccepted = Some("P"), "Partially accepted";
        /// Rejected.
        Rejected = Some("R"), "Rejected";
        /// Suppressed.
        Suppressed = Some("S"), "Suppressed";
        /// Overdue.
        TimedOut = Some("T"), "Timed Out", "Timed Out (late FA)";
        /// Still awaited.
        Waiting = Some("W"), "Waiting for FA";
    }
}

vocabulary! {
    /// How the delivery to several receivers went.
    DeliveryStatus {
        /// To nobody.
        DeliveryFailed = None, "DeliveryFailed";
        /// Not to all.
        PartiallyFailed = None, "PartiallyFailed";
        /// To some so far.
        PartiallyDelivered = None, "PartiallyDelivered";
    }
}

fn letters(text: &str) -> String {
    text.chars()
        .filter(|it| it.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_from_its_text_and_its_code() {
        for status in Status::KNOWN {
            assert_eq!(Status::parse(&status.to_string()), *status);
            assert_eq!(Status::parse(status.code().unwrap()), *status);
        }
        for acknowledgement in Acknowledgement::KNOWN {
            assert_eq!(Acknowledgement::parse(&acknowledgement.to_string()), *acknowledgement);
            assert_eq!(
                Acknowledgement::parse(acknowledgement.code().unwrap()),
                *acknowledgement
            );
        }
        for delivery in DeliveryStatus::KNOWN {
            assert_eq!(DeliveryStatus::parse(&delivery.to_string()), *delivery);
        }
    }

    #[test]
    fn spellings_do_not_matter_and_the_unknown_keeps_its_text() {
        for (text, wanted) in [
            ("Failed", Status::DeliveryFailed),
            ("ReadyForPickup", Status::ReadyForPickup),
            ("ON HOLD", Status::OnHold),
            ("validation-error", Status::ValidationError),
            ("Quarantined by R2", Status::Other("Quarantined by R2".to_owned())),
            ("", Status::Other(String::new())),
            ("f", Status::Other("f".to_owned())),
        ] {
            assert_eq!(Status::parse(text), wanted, "{text:?}");
        }
        assert_eq!(Acknowledgement::parse("Timed Out (late FA)"), Acknowledgement::TimedOut);
        assert_eq!(DeliveryStatus::parse("").code(), None);
        assert_eq!(Status::parse("Quarantined").to_string(), "Quarantined");
    }
}
