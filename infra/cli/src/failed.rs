//! Why a command gives no answer: what happened, to what, and what to do next.

use std::fmt;

/// A command that gives no answer.
#[derive(Debug)]
pub struct Failed {
    /// Whether the command itself was wrong, and would be again.
    pub is_usage: bool,
    /// What happened, to what.
    pub message: String,
    /// What to do next.
    pub advice: String,
}

impl Failed {
    /// The command is wrong.
    pub fn usage(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            is_usage: true,
            message: message.into(),
            advice: advice.into(),
        }
    }

    /// Something could not be reached or did not work.
    pub fn new(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            is_usage: false,
            message: message.into(),
            advice: advice.into(),
        }
    }

    /// Something of AWS did not answer as it should.
    pub fn aws(what: &str, error: impl Into<anyhow::Error>) -> Self {
        let cause = shared::failure::chain(error.into().as_ref());
        Self::new(format!("{what}: {cause}"), advice(&cause))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.message, self.advice)
    }
}

impl From<shared::store::Error> for Failed {
    fn from(error: shared::store::Error) -> Self {
        let cause = shared::failure::chain(&error);
        Self::new(cause.clone(), advice(&cause))
    }
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        let cause = shared::failure::chain(error.as_ref());
        Self::new(cause.clone(), advice(&cause))
    }
}

/// What mostly helps against a cause that AWS or the network names.
fn advice(cause: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| cause.contains(word));
    if has(&[
        "ExpiredToken",
        "expired",
        "InvalidClientTokenId",
        "UnrecognizedClient",
        "SSO",
    ]) {
        "Log in to AWS again (`aws sso login` where you use single sign-on) and repeat the command."
    } else if has(&["AccessDenied", "not authorized", "UnauthorizedOperation"]) {
        "Ask for the permission that the message names, or use another --profile."
    } else if has(&["no connection was made", "dns", "timeout", "dispatch failure"]) {
        "Look at the network, the region (--region) and AWS_ENDPOINT_URL, and repeat the command."
    } else if has(&["credentials", "no providers in chain"]) {
        "Log in to AWS, or name a profile with --profile."
    } else if has(&["ResourceNotFound", "does not exist"]) {
        "Look at --stack and --region."
    } else {
        "Repeat the command; where that does not help, look at the message and at the service it names."
    }
}
