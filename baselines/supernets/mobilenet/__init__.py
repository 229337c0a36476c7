"""The networks of ProxylessNAS's space."""
