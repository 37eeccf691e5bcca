"""What all fetches of a process share: connections, hubs' quotas of requests, and bandwidth."""
