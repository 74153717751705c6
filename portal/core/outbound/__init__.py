"""Calling addresses that people configure, without lending them the portal's place in the network.

`calls.call` is the only way out to such an address: https, its name resolved once, every address of it
checked, the connection made to the very address that was checked (DNS rebinding), TLS verified for the name,
redirects checked like the first address, time and size bounded. What stays open inside is the list of allowed
networks and hosts (SLIPWAY_OUTBOUND_ALLOWED). Proxies named in the process environment are not used.

Not through here: the API servers of clusters and services in them, which platform engineers register and
which are private by nature; the database, the broker and the mail server, which are the administrator's.
"""
