//! Role names as they were seen in OpenText's request collections. They differ between production and beta.

/// Names of the production grid.
pub(crate) const PRODUCTION_ROLES: &[&str] = &[
    "Account Admin",
    "Active Documents custom",
    "Active Integrity Admin",
    "Active Integrity User",
    "Cartographer CustomerDev",
    "Cartographer StandardUser",
    "Cartographer XREFAdmin custom",
    "Cartographer XREFStandard",
    "Cartographer XRFReadOnly",
    "Community Projects Admin",
    "Community Viewer",
    "Email To EDI Documents custom",
    "Global Trading Directory custom",
    "Lens All custom",
    "Lens Standard role",
    "OpenText Demo Deluxe Bundle custom",
    "Parent-Child Admin",
    "Partner Admin",
    "Restricted Visibility custom",
    "SLM Admin User",
    "SLM Analytics Admin",
    "Security Admin",
    "TGMS Reports",
    "TP Graph custom",
    "z Community Project",
    "z Visibility custom",
];

/// Names of the beta grid.
pub(crate) const BETA_ROLES: &[&str] = &[
    "Account Admin",
    "Active Integrity Admin",
    "Active Integrity User",
    "Aviator Advisor Standard User",
    "Cartographer Customer Dev",
    "Cartographer Maps custom",
    "Cartographer StandardUser",
    "Cartographer XREFAdmin custom",
    "Cartographer XREFStandard",
    "Command Center Default Role",
    "Command Center Integration Monitor Business Role",
    "Community Projects Administrator",
    "EDI Admin custom",
    "Email2EDI custom",
    "Lens Payload and Redelivery custom",
    "Lens Standard Role",
    "Manage Company Custom Data custom",
    "OCC User",
    "Parent-Child Admin",
    "Partner Admin",
    "SLM Admin User",
    "Security Admin",
    "TP Graph custom",
];

/// The service that a role opens; which does is not published, so the names decide.
pub(crate) fn service_of(role: &str) -> &'static str {
    const BY_WORD: [(&str, &str); 9] = [
        ("Lens", "Lens"),
        ("Visibility", "Lens"),
        ("Cartographer", "Cartographer"),
        ("Active Documents", "Active Documents"),
        ("Active Integrity", "Active Integrity"),
        ("SLM", "Service Level Management"),
        ("TGMS", "Trading Grid Messaging Service"),
        ("Command Center", "Command Center"),
        ("EDI", "Email To EDI"),
    ];
    BY_WORD
        .iter()
        .find(|(word, _)| role.contains(word))
        .map_or("Trading Grid Online", |(_, service)| service)
}
