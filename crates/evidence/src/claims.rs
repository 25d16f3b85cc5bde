//! The claims that come with the program.

/// Ids and texts of the files in `claims/`, in the order of their ids.
static CLAIMS: &[(&str, &str)] = &[
    ("alp-gmm", include_str!("../../../claims/alp-gmm.toml")),
    ("colar", include_str!("../../../claims/colar.toml")),
    ("contrastive-theory", include_str!("../../../claims/contrastive-theory.toml")),
    ("decision-diffuser", include_str!("../../../claims/decision-diffuser.toml")),
    ("doc-control", include_str!("../../../claims/doc-control.toml")),
    ("ensemble-cdrl", include_str!("../../../claims/ensemble-cdrl.toml")),
    ("hrpo", include_str!("../../../claims/hrpo.toml")),
    ("intuitor", include_str!("../../../claims/intuitor.toml")),
    ("iql", include_str!("../../../claims/iql.toml")),
    ("lapo", include_str!("../../../claims/lapo.toml")),
    ("latent-thresholds", include_str!("../../../claims/latent-thresholds.toml")),
    ("lmdp-horizon-free", include_str!("../../../claims/lmdp-horizon-free.toml")),
    ("mdvi", include_str!("../../../claims/mdvi.toml")),
    ("orchestrated-value-mapping", include_str!("../../../claims/orchestrated-value-mapping.toml")),
    ("pec", include_str!("../../../claims/pec.toml")),
    ("prdc", include_str!("../../../claims/prdc.toml")),
    ("rent", include_str!("../../../claims/rent.toml")),
    ("self-predictive", include_str!("../../../claims/self-predictive.toml")),
    ("spr", include_str!("../../../claims/spr.toml")),
    ("tcrl", include_str!("../../../claims/tcrl.toml")),
    ("td-infonce", include_str!("../../../claims/td-infonce.toml")),
    ("td3-bc", include_str!("../../../claims/td3-bc.toml")),
];

/// Ids and texts of all claim files that come with the program.
pub fn all() -> &'static [(&'static str, &'static str)] {
    CLAIMS
}

/// The text of the claim with this id.
///
/// # Errors
/// There is none; the sentence names the nearest.
pub fn find(id: &str) -> crate::Result<&'static str> {
    let found = CLAIMS.iter().find(|(name, _)| *name == id).map(|(_, text)| *text);
    found.ok_or_else(|| run::config::unknown("claim", id, CLAIMS.iter().map(|(name, _)| *name)).into())
}
