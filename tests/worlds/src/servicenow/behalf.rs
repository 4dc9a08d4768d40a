//! On whose behalf something is done, and so which rules of the instance it meets.
//!
//! A call through an API acts as its user and meets every rule. What the instance does of its own accord, and whoever
//! acts in a test without an API, is stopped by no access rule and, as long as nobody guesses otherwise, by no data
//! policy; business rules belong to the database and run for it, too. Seeding and the platform's bookkeeping meet none.

use time::OffsetDateTime;

/// Who does something, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    pub(crate) at: OffsetDateTime,
    /// A `user_name`.
    pub(crate) by: &'a str,
    pub(crate) meets: Meets,
}

/// The rules that an act meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meets {
    /// Rows of `sys_security_acl`, and what else depends on the user's rights: roles, tables and columns that only
    /// scripts write, closed cases, other people's approvals.
    pub(crate) access_rules: bool,
    pub(crate) data_policies: bool,
    /// Rows of `sys_script`.
    pub(crate) business_rules: bool,
}

impl<'a> Act<'a> {
    /// A user's call through an API.
    pub(crate) fn caller(at: OffsetDateTime, by: &'a str) -> Act<'a> {
        let meets = Meets {
            access_rules: true,
            data_policies: true,
            business_rules: true,
        };
        Act { at, by, meets }
    }

    /// What a script of the instance does in the name of a user.
    pub(crate) fn script(at: OffsetDateTime, by: &'a str) -> Act<'a> {
        Act::caller(at, by).as_script()
    }

    /// What the platform notes down, and what is there from the beginning.
    pub(crate) fn platform(at: OffsetDateTime, by: &'a str) -> Act<'a> {
        Act::caller(at, by).as_platform()
    }

    /// What follows from the act: a flow, a script that the user cannot look into.
    pub(crate) fn as_script(self) -> Act<'a> {
        self.without_access_rules().without_data_policies()
    }

    pub(crate) fn as_platform(self) -> Act<'a> {
        let mut act = self.as_script();
        act.meets.business_rules = false;
        act
    }

    pub(crate) fn without_access_rules(mut self) -> Act<'a> {
        self.meets.access_rules = false;
        self
    }

    pub(crate) fn without_data_policies(mut self) -> Act<'a> {
        self.meets.data_policies = false;
        self
    }
}
