//! What nobody could tell us about Trading Grid, each with the value we chose and why.
//!
//! The collaboration contract is ours and holds no guess, but for one choice that it leaves open. OpenText publishes the requests of the token endpoint, of
//! TGCommunityServices and of Lens, and hardly an answer: what follows is what we made of the gap.
//!
//! Guesses without a switch, because no client may depend on them: the members of a company, a partner, a user and an
//! entitlement beyond those that a request or a parameter names; error codes and texts; the codes, types and messages
//! of failures (`lens/failures.rs`); the words of formats, agents and regions (`lens/standards.rs`); that group and
//! document control numbers, which are no fields of Lens, are content keys; PUT merging object by object; an unknown
//! role refusing the whole change.

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
    /// Whether a client certificate that the server trusts also opens TGCommunityServices and Lens, without a token.
    /// False: every published request has a token.
    pub published_services_take_certificates: bool,

    /// The form of an error of TGCommunityServices. None is published; Cartographer, the only service of Trading
    /// Grid with published errors, has `Service`, and had `Authorization` for its log-in; `Gateway` was seen at
    /// OpenText's developer cloud. A client must read all of them, and plain text.
    pub community_error_form: ErrorForm,
    /// Whether lists of companies, users, roles and entitlements are arrays rather than objects with one member.
    /// No answer is published. True: the body of the role call is a bare array.
    pub lists_are_bare_arrays: bool,
    /// Whether a filter of the partner directory that fits nobody is answered 404 rather than with an empty list.
    /// Unpublished. False: it is a filter of a list.
    pub unknown_partner_is_not_found: bool,
    /// Whether a `loginId` of one company cannot be used in another of the same grid. Unpublished. True: the call for a user's
    /// entitlements has no company in its path.
    pub login_ids_are_unique_across_companies: bool,
    /// Whether the deletion of a user who is not there is answered like any other. Unpublished. True: OpenText's
    /// request collection deletes before it creates, with an id that is still empty.
    pub deleting_nobody_succeeds: bool,
    /// Members without which a user is not created, nested ones with a dot. Unpublished; these are what a log-in and
    /// a person need.
    pub required_user_members: &'static [&'static str],
    /// The shortest password; it also needs a capital, a small letter and a digit. Unpublished; the published
    /// example has eighteen characters of all kinds.
    pub password_min_characters: usize,

    /// `count` of a search that names none. Unpublished.
    pub lens_default_count: i64,
    /// The largest `count`. Unpublished; the largest seen is 1000.
    pub lens_max_count: i64,
    /// The largest `offset + count`. Unpublished; search engines of this kind stop at 10,000.
    pub lens_max_window: i64,
    /// The status of a query that cannot be carried out at all. Unpublished; servers of this kind send 400.
    pub lens_invalid_query_status: u16,
    /// Whether `__schema` is answered. Unpublished. False: no schema was ever shown.
    pub lens_allows_introspection: bool,
    /// Whether `insize` and `outsize` are numbers rather than texts. Unpublished.
    pub lens_sizes_are_numbers: bool,
    /// Whether the statuses whose text nobody saw in an answer are written like the four that somebody saw
    /// (`ReadyForPickup`) rather than as in the cheat sheet (`Ready for pickup`).
    pub lens_statuses_are_one_word: bool,
    /// How long a scrolled search remembers its place. Unpublished.
    pub lens_scroll_life_seconds: i64,
    /// Whether terms of the search box that stand side by side must all hold. Unpublished. False: every published
    /// example writes `AND`, and the syntax is Lucene's, whose default is OR.
    pub search_box_joins_with_and: bool,

    /// Whether the feed also holds events about what a client of the collaboration contract wrote, with their
    /// origin. The contract leaves it to the community.
    pub feed_tells_own_writes: bool,
}

/// The forms that errors of Trading Grid's services have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorForm {
    /// `{"status", "message", "error-code"}`
    Service,
    /// `{"errorCode", "errorMessage", "httpStatus", "status", "statusCode"}`
    Authorization,
    /// `{"fault": {"faultstring", "detail": {"errorcode"}}}`
    Gateway,
    PlainText,
}

impl Default for Guesses {
    fn default() -> Guesses {
        Guesses {
            token_life_seconds: 36_000,
            unauthorized_is_a_gateway_fault: true,
            token_is_reused: false,
            published_services_take_certificates: false,
            community_error_form: ErrorForm::Service,
            lists_are_bare_arrays: true,
            unknown_partner_is_not_found: false,
            login_ids_are_unique_across_companies: true,
            deleting_nobody_succeeds: true,
            required_user_members: &[
                "contactInformation.email",
                "firstName",
                "lastName",
                "loginId",
                "loginPassword",
                "type",
                "userPasswordHint.pwdHintQuestionAnswer1",
            ],
            password_min_characters: 8,
            lens_default_count: 10,
            lens_max_count: 1000,
            lens_max_window: 10_000,
            lens_invalid_query_status: 400,
            lens_allows_introspection: false,
            lens_sizes_are_numbers: false,
            lens_statuses_are_one_word: true,
            lens_scroll_life_seconds: 300,
            search_box_joins_with_and: false,
            feed_tells_own_writes: false,
        }
    }
}
