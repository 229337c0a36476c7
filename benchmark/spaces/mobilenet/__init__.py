"""The search space of ProxylessNAS: 21 layers of inverted bottlenecks."""
