//! Config files: every fault at once, with line and column.
