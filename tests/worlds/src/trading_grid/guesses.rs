//! What nobody could tell us about Trading Grid, each with the value we chose and why.

/// Behaviour that we do not know for certain. Change one with [`TradingGrid::guess`](super::TradingGrid::guess).
#[derive(Debug, Clone)]
pub struct Guesses {
    /// The life of an access token in seconds. "You will have to do this every 10 hours."
    pub token_life_seconds: i64,
    /// Whether a dead or unknown token is answered with the `fault` form of the API gateway rather than with
    /// problem+json. True: the token endpoint has the look of that gateway; the texts are
    /// those that such gateways send.
    pub unauthorized_is_a_gateway_fault: bool,
    /// Whether a second token request gives the same token while it lives. False: the gateway issues new ones.
    pub token_is_reused: bool,
}

impl Default for Guesses {
    fn default() -> Guesses {
        Guesses {
            token_life_seconds: 36_000,
            unauthorized_is_a_gateway_fault: true,
            token_is_reused: false,
        }
    }
}
