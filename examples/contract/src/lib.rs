//! The keys and types that the micro-frontends of the workbench share.
