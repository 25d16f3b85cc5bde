//! The claims that come with the program.

/// Ids and texts of the files in `claims/`, in the order of their ids: whatever lies there, as the
/// build script lists it.
static CLAIMS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/claims.rs"));

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
