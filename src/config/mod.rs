//! YAML and environment to the settings of the components, every fault at once with line and column.
