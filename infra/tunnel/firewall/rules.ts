/**
 * What nftables is told: a table of its own, because what another table accepts is dropped here all the same, and taking it
 * away leaves the rest as it was.
 */
export const rules = `# Drops every inbound packet but answers, loopback, and what addresses themselves need. Written by Helix.
table inet helix_firewall
delete table inet helix_firewall
table inet helix_firewall {
  chain inbound {
    type filter hook input priority filter; policy drop;
    iif "lo" accept
    # Answers to what this machine has asked for, also the errors on their way, which say how large packets may be.
    ct state established,related accept
    ct state invalid drop
    # IPv6 finds neighbours and routers by these; the hop limit shows that they come from the own link.
    icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
    # Switches ask who listens to the groups of these; without answers they stop sending them.
    ip6 saddr fe80::/10 icmpv6 type mld-listener-query accept
    # Leases of addresses: a server may answer from an address that was not asked.
    udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
  }

  # Published ports of containers do not pass through the chain above.
  chain through {
    type filter hook forward priority filter; policy accept;
    ct state new ct status dnat drop
  }
}
`;
