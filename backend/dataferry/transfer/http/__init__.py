"""HTTP as transfers need it: connections, requests, redirects, and URLs that expire."""
