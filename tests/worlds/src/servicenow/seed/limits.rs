//! The platform's own transaction quotas and rate limits.

use super::{Seed, id};
use crate::servicenow::guards::quotas::{AFTER_API, BEFORE_API};

/// API, its part of the path, seconds. Documented; the batch's row is ours, its time is documented, too.
const QUOTAS: [(&str, &str, &str); 5] = [
    ("REST Table API", "table", "60"),
    ("REST Import Set API", "import", "60"),
    ("REST Aggregate API", "stats", "60"),
    ("REST Attachment API", "attachment", "60"),
    ("REST Batch API", "batch", "30"),
];

pub(super) fn rows(seed: &mut Seed) {
    for (api, segment, seconds) in QUOTAS {
        let name = format!("{api} request timeout");
        let condition = format!("{BEFORE_API}{segment}{AFTER_API}");
        let fields = [
            ("name", name.as_str()),
            ("condition", &condition),
            ("max_duration", seconds),
            ("order", "100"),
        ];
        seed.add(900, "sysrule_quota", &name, &fields);
    }
    rate_limits(seed);
}

/// Documented: these APIs limit callers without credentials, who are the guest, and those of other companies.
fn rate_limits(seed: &mut Seed) {
    let guest = seed.state.user_sys_id("guest");
    let external = id("sys_user_role", "snc_external");
    for api in ["CSM Attachment API", "Knowledge Management API"] {
        for (apply_to, field, whom) in [("single_user", "user", &guest), ("users_with_role", "role", &external)] {
            if whom.is_empty() {
                continue;
            }
            let name = format!("{api} for {apply_to}");
            let fields = [
                ("name", name.as_str()),
                ("rest_api", api),
                ("requests_per_hour", "500"),
                ("apply_to", apply_to),
                (field, whom),
            ];
            seed.add(900, "sys_rate_limit_rules", &name, &fields);
        }
    }
}
