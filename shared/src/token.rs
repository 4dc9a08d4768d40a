//! One access token per function instance: fetched once, renewed early, forgotten when refused.
//!
//! A fetch under way is waited for by everybody, and so is its failure: who came while it was under
//! way does not repeat it. When the one who fetches is dropped, the next one fetches.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::failure::System;
use crate::telemetry::{self, Metric};

/// A token is renewed this long before it ends, so that none dies on the way; a short-lived one
/// after half of its life, so that it is used at all.
const EARLY: Duration = Duration::from_secs(60);

/// What opens the door, and until when.
#[derive(Clone)]
pub struct Token {
    name: HeaderName,
    value: HeaderValue,
    expires_at: Timestamp,
    /// From when on a new one is fetched.
    renewed_at: Timestamp,
    /// Counts the tokens of this cache, so that a refused one is forgotten only once.
    number: u64,
}

impl Token {
    /// A bearer token that is valid for `life` from `now`.
    pub fn new(text: SecretString, now: Timestamp, life: Duration) -> Self {
        let value = HeaderValue::try_from(format!("Bearer {}", text.expose_secret()));
        Self::in_header(
            AUTHORIZATION,
            value.unwrap_or(HeaderValue::from_static("Bearer")),
            now,
            life,
        )
    }

    /// A value of a header that opens the door for `life` from `now`.
    pub fn in_header(name: HeaderName, mut value: HeaderValue, now: Timestamp, life: Duration) -> Self {
        value.set_sensitive(true);
        Self {
            name,
            value,
            expires_at: now.after(life),
            renewed_at: now.after(life - EARLY.min(life / 2)),
            number: 0,
        }
    }

    /// The header that opens the door; its value is marked as sensitive.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// What the header has beside its scheme: what must not come back in anybody's message.
    pub fn secret(&self) -> String {
        let value = self.value.to_str().unwrap_or_default();
        value.rsplit(' ').next().unwrap_or_default().to_owned()
    }
}

/// No token could be had; everybody who waited for it gets the same one.
#[derive(Debug, Clone)]
pub struct Unavailable(Arc<anyhow::Error>);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Unavailable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Keeps one token.
pub struct TokenCache {
    /// Whose door the token opens.
    system: System,
    clock: Clock,
    /// How many fetches have ended.
    ended: AtomicU64,
    /// Held while a token is fetched, so that it is fetched once.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    fetched: u64,
    /// The last failure, and which fetch it ended.
    failed: Option<(u64, Unavailable)>,
}

impl TokenCache {
    /// An empty cache of a token for a system.
    pub fn new(system: System, clock: Clock) -> Self {
        Self {
            system,
            clock,
            ended: AtomicU64::new(0),
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
    /// Those of `request`, shared with everybody who waits for the same fetch.
    pub async fn get(
        &self,
        refused: Option<&Token>,
        request: impl AsyncFn(bool) -> anyhow::Result<Token>,
        is_refusal: impl Fn(&anyhow::Error) -> bool,
    ) -> Result<Token, Unavailable> {
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let held = state.token.clone();
        let held = held.filter(|token| refused.is_none_or(|refused| refused.number != token.number));
        if let Some(token) = &held
            && self.clock.now() < token.renewed_at
        {
            return Ok(token.clone());
        }
        if let Some((ended, failure)) = &state.failed
            && *ended > ended_before
        {
            return Err(failure.clone());
        }
        let outcome = match request(refused.is_some()).await {
            Err(error) if refused.is_none() && is_refusal(&error) => request(true).await,
            outcome => outcome,
        };
        let ended = self.ended.fetch_add(1, Ordering::Release) + 1;
        match outcome {
            Ok(mut token) => {
                state.fetched += 1;
                telemetry::count_of(self.system, Metric::TokensFetched);
                token.number = state.fetched;
                state.token = Some(token.clone());
                state.failed = None;
                Ok(token)
            }
            Err(error) => {
                // What is left of the old one may be enough until the next attempt.
                if let Some(token) = held.filter(|token| self.clock.now() < token.expires_at) {
                    tracing::warn!(error = %crate::failure::chain(error.as_ref()), "no new token yet");
                    return Ok(token);
                }
                let failure = Unavailable(Arc::new(error));
                state.failed = Some((ended, failure.clone()));
                Err(failure)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32};

    use anyhow::anyhow;

    use super::*;

    /// A cache whose fetches take a second and are counted.
    struct Desk {
        clock: Clock,
        cache: TokenCache,
        fetched: AtomicU32,
        life: Duration,
        is_down: AtomicBool,
    }

    impl Desk {
        fn new(life: u64) -> Self {
            let clock = Clock::following_tokio(Timestamp::from_millis(0));
            Self {
                cache: TokenCache::new(System::ServiceNow, clock.clone()),
                clock,
                fetched: AtomicU32::new(0),
                life: Duration::from_secs(life),
                is_down: AtomicBool::new(false),
            }
        }

        async fn get(&self, refused: Option<&Token>) -> Result<Token, Unavailable> {
            let request = async |_| {
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.fetched.fetch_add(1, Ordering::Relaxed);
                match self.is_down.load(Ordering::Relaxed) {
                    true => Err(anyhow!("down")),
                    false => Ok(Token::new("t".to_owned().into(), self.clock.now(), self.life)),
                }
            };
            self.cache.get(refused, request, |_| false).await
        }

        #[track_caller]
        fn has_fetched(&self, times: u32) {
            assert_eq!(self.fetched.load(Ordering::Relaxed), times);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_fetched_once_renewed_early_and_replaced_once_when_refused() {
        let desk = Desk::new(600);
        let (first, _, _) = tokio::join!(desk.get(None), desk.get(None), desk.get(None));
        desk.has_fetched(1);
        let first = first.unwrap();
        let _ = tokio::join!(desk.get(Some(&first)), desk.get(Some(&first)));
        desk.has_fetched(2);
        tokio::time::sleep(Duration::from_secs(530)).await;
        desk.get(None).await.unwrap();
        desk.has_fetched(2);
        tokio::time::sleep(Duration::from_secs(20)).await;
        desk.get(None).await.unwrap();
        desk.has_fetched(3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_ends_soon_is_used_all_the_same() {
        let desk = Desk::new(30);
        for _ in 0..100 {
            desk.get(None).await.unwrap();
        }
        desk.has_fetched(1);
        tokio::time::sleep(Duration::from_secs(16)).await;
        desk.get(None).await.unwrap();
        desk.has_fetched(2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_by_those_who_waited_for_it_and_by_nobody_later() {
        let desk = Desk::new(600);
        desk.is_down.store(true, Ordering::Relaxed);
        let started = tokio::time::Instant::now();
        let late = async {
            tokio::time::sleep(Duration::from_millis(900)).await;
            desk.get(None).await
        };
        let (first, second, third) = tokio::join!(desk.get(None), desk.get(None), late);
        for failure in [first, second, third] {
            assert_eq!(
                failure.err().map(|failure| failure.to_string()).as_deref(),
                Some("down")
            );
        }
        desk.has_fetched(1);
        assert_eq!(started.elapsed(), Duration::from_secs(1), "nobody waits twice");
        assert!(desk.get(None).await.is_err());
        desk.has_fetched(2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_cannot_be_renewed_is_used_up_unless_it_was_refused() {
        let desk = Desk::new(600);
        let first = desk.get(None).await.unwrap();
        desk.is_down.store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(550)).await;
        assert!(desk.get(None).await.is_ok());
        assert!(desk.get(Some(&first)).await.is_err(), "a refused one is of no use");
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(desk.get(None).await.is_err(), "an ended one is of no use");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_that_is_given_up_is_taken_over() {
        let desk = Desk::new(600);
        let impatient = tokio::time::timeout(Duration::from_millis(500), desk.get(None));
        let (given_up, taken_over) = tokio::join!(impatient, desk.get(None));
        assert!(given_up.is_err() && taken_over.is_ok());
        desk.has_fetched(1);
    }

    #[test]
    fn a_token_is_marked_as_sensitive() {
        let token = Token::new("secret".to_owned().into(), Timestamp::from_millis(0), EARLY);
        assert_eq!(format!("{:?}", token.header()), "(\"authorization\", Sensitive)");
    }
}
