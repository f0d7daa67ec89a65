//! The demo on its embedded broker.
