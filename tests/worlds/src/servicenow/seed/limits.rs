//! The platform's own transaction quotas. Rate limits are for each instance to make.

use super::Seed;
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
}
