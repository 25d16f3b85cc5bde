//! Nothing but its manifest: features of dependencies that several crates share, so that every part of
//! the workspace is built from one copy of them.
