//! One access token per function instance: fetched once, renewed early, forgotten when refused.

use std::time::Duration;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::domain::Timestamp;

/// A token is renewed this long before it ends, so that none dies on the way.
const EARLY: Duration = Duration::from_secs(60);

/// A token and its end.
#[derive(Clone)]
pub struct Token {
    /// The bearer token.
    pub text: SecretString,
    /// When it stops being valid.
    pub expires_at: Timestamp,
    /// Counts the tokens of this cache, so that a refused one is forgotten only once.
    number: u64,
}

impl Token {
    /// A token that is valid for `life` from `now`.
    pub fn new(text: SecretString, now: Timestamp, life: Duration) -> Self {
        Self {
            text,
            expires_at: now.after(life),
            number: 0,
        }
    }
}

/// The value of `Authorization` for a token.
pub fn bearer(token: &Token) -> HeaderValue {
    let text = format!("Bearer {}", token.text.expose_secret());
    let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

/// Keeps one token.
pub struct TokenCache {
    clock: Clock,
    /// Held while a token is fetched, so that it is fetched once.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    fetched: u64,
}

impl TokenCache {
    /// An empty cache.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// The token, fetched if there is none or it ends soon.
    ///
    /// `refused` is a token that the other side has just refused: it is not given out again.
    /// `request` is told whether the credentials are under suspicion, because a token was refused
    /// or because `is_refusal` takes its error for a refusal of them; they may have been rotated.
    ///
    /// # Errors
    /// Those of `request`.
    pub async fn get<E>(
        &self,
        refused: Option<&Token>,
        request: impl AsyncFn(bool) -> Result<Token, E>,
        is_refusal: impl Fn(&E) -> bool,
    ) -> Result<Token, E> {
        let mut state = self.state.lock().await;
        if let Some(token) = &state.token {
            let is_refused = refused.is_some_and(|refused| refused.number == token.number);
            if !is_refused && self.clock.now().after(EARLY) < token.expires_at {
                return Ok(token.clone());
            }
        }
        let mut token = match request(refused.is_some()).await {
            Err(error) if refused.is_none() && is_refusal(&error) => request(true).await?,
            outcome => outcome?,
        };
        state.fetched += 1;
        token.number = state.fetched;
        state.token = Some(token.clone());
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_fetched_once_renewed_early_and_replaced_when_refused() {
        let clock = Clock::following_tokio(Timestamp::from_millis(0));
        let cache = TokenCache::new(clock.clone());
        let fetched = AtomicU32::new(0);
        let get = async |refused: Option<&Token>| {
            cache
                .get(
                    refused,
                    async |_| {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        fetched.fetch_add(1, Ordering::Relaxed);
                        Ok(Token::new("t".to_owned().into(), clock.now(), Duration::from_secs(600)))
                    },
                    |_: &Infallible| false,
                )
                .await
                .unwrap()
        };
        let (first, _, _) = tokio::join!(get(None), get(None), get(None));
        assert_eq!(fetched.load(Ordering::Relaxed), 1, "single flight");
        let _ = tokio::join!(get(Some(&first)), get(Some(&first)));
        assert_eq!(fetched.load(Ordering::Relaxed), 2, "a refused token is replaced once");
        tokio::time::sleep(Duration::from_secs(530)).await;
        get(None).await;
        assert_eq!(fetched.load(Ordering::Relaxed), 2);
        tokio::time::sleep(Duration::from_secs(20)).await;
        get(None).await;
        assert_eq!(fetched.load(Ordering::Relaxed), 3, "renewed early");
    }
}
