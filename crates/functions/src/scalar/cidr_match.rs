//! CIDR_MATCH: whether an address is of a network, for IPv4 and IPv6.
//!
//! An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) is of IPv4 networks too, and such a network
//! (`::ffff:10.0.0.0/104`) has IPv4 addresses. What is no address or no network matches nothing.

use std::{net::IpAddr, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray},
    buffer::BooleanBuffer,
};
use datafusion_common::Result;
use ipnet::{IpNet, Ipv4Net};
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("address", Parameter::STRING),
            ("network", Parameter::STRING),
        ],
        "TRUE if the address is of the network (`10.0.0.0/8`, `fe80::/10`; an address alone is a network of one); FALSE if not, if \
         one of them is NULL, or if a text is neither. An IPv6 address may have a zone (`fe80::1%eth0`), which is not looked at.",
        |_| SqlType::Boolean,
        cidr_match,
    );
    Builtin::new(
        "CIDR_MATCH",
        "STRING",
        "Tells whether an IP address is of a network.",
        vec![variant],
    )
    .takes_null()
    .shown_as("CIDR_MATCH")
    .added()
}

fn cidr_match(call: &Call) -> Result<ArrayRef> {
    let (addresses, networks) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let network = |row| Network::parse(networks.get(row)?);
    let constant = call.argument(1)?.is_constant().then(|| network(0));
    let is_of = |row| {
        let address = parse_address(addresses.get(row)?)?;
        match constant {
            Some(network) => Some(network?.has(address)),
            None => Some(network(row)?.has(address)),
        }
    };
    let truths = BooleanBuffer::collect_bool(call.rows, |row| is_of(row).unwrap_or(false));
    Ok(Arc::new(BooleanArray::from(truths)))
}

fn parse_address(text: &str) -> Option<IpAddr> {
    let Some((address, zone)) = text.split_once('%') else {
        return text.parse().ok();
    };
    let address: IpAddr = address.parse().ok()?;
    (address.is_ipv6() && !zone.is_empty()).then_some(address)
}

#[derive(Debug, Clone, Copy)]
struct Network {
    as_written: IpNet,
    /// The IPv4 network that it is written as an IPv6 one of.
    mapped: Option<Ipv4Net>,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let as_written = match text.parse::<IpNet>() {
            Ok(network) => network,
            Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
        };
        let mapped = match as_written {
            IpNet::V4(_) => None,
            IpNet::V6(network) => network.addr().to_ipv4_mapped().and_then(|address| {
                let length = network.prefix_len().checked_sub(96)?;
                Ipv4Net::new(address, length).ok()
            }),
        };
        Some(Self { as_written, mapped })
    }

    fn has(&self, address: IpAddr) -> bool {
        if self.as_written.contains(&address) {
            return true;
        }
        match (address.to_canonical(), self.mapped) {
            (IpAddr::V4(address), Some(mapped)) => mapped.contains(&address),
            (address @ IpAddr::V4(_), None) => self.as_written.contains(&address),
            (IpAddr::V6(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    fn check(address: &str, network: &str, expected: bool) {
        call("CIDR_MATCH", &[text(address), text(network)], expected);
    }

    #[test]
    fn version_four() {
        check("10.1.2.3", "10.0.0.0/8", true);
        check("11.1.2.3", "10.0.0.0/8", false);
        // The bits behind the prefix say nothing.
        check("10.1.2.3", "10.9.9.9/8", true);
        check("10.1.2.3", "0.0.0.0/0", true);
        check("10.1.2.3", "10.1.2.3/32", true);
        check("10.1.2.4", "10.1.2.3/32", false);
        check("10.1.2.3", "10.1.2.3", true);
        check("192.168.1.127", "192.168.1.0/25", true);
        check("192.168.1.128", "192.168.1.0/25", false);
    }

    #[test]
    fn version_six() {
        check("fe80::1", "fe80::/10", true);
        check("FEBF::1", "fe80::/10", true);
        check("fec0::1", "fe80::/10", false);
        check("2001:db8::1", "2001:db8::/32", true);
        check("fe80::1%eth0", "fe80::/10", true);
        check("::1", "::1", true);
        check("::1", "10.0.0.0/8", false);
        check("10.0.0.1", "::/0", false);
        check("2001:db8::1", "::/0", true);
    }

    #[test]
    fn version_four_in_six() {
        check("::ffff:10.1.2.3", "10.0.0.0/8", true);
        check("::ffff:0a01:0203", "10.0.0.0/8", true);
        check("::ffff:11.1.2.3", "10.0.0.0/8", false);
        check("10.1.2.3", "::ffff:10.0.0.0/104", true);
        check("11.1.2.3", "::ffff:10.0.0.0/104", false);
        check("::ffff:10.1.2.3", "::ffff:10.0.0.0/104", true);
        check("10.1.2.3", "::ffff:0:0/96", true);
        check("::ffff:10.1.2.3", "::/0", true);
        check("10.1.2.3", "::ffff:0:0/95", false);
    }

    #[test]
    fn what_is_neither_matches_nothing() {
        for address in [
            "",
            "10.1.2",
            "10.1.2.300",
            "10.01.2.3",
            "10.1.2.3 ",
            "é",
            "10.1.2.3%eth0",
            "fe80::1%",
        ] {
            check(address, "0.0.0.0/0", false);
            check(address, "::/0", false);
        }
        for network in [
            "",
            "/",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0/8",
            "::/129",
            "é",
        ] {
            check("10.0.0.1", network, false);
            check("::1", network, false);
        }
        call("CIDR_MATCH", &[no_text(), text("10.0.0.0/8")], false);
        call("CIDR_MATCH", &[text("10.0.0.1"), no_text()], false);
    }
}
