//! The documents of the demo. The bytes never change: sample events name their hashes.

use bytes::Bytes;

use crate::trading_grid::state::State;

pub(super) fn add(state: &mut State) {
    for (company, id, name, media_type, bytes) in DOCUMENTS {
        state
            .collaboration
            .add_document(company, id, name, media_type, Bytes::from_static(bytes), None);
    }
}

/// Company, document id, file name, media type, bytes.
const DOCUMENTS: [(&str, &str, &str, &str, &[u8]); 3] = [
    (
        "GC41543822654A",
        "doc-asn-856",
        "asn-856.edi",
        "application/edi-x12",
        include_bytes!("../../../documents/asn-856.edi"),
    ),
    (
        "GC41543822654A",
        "doc-pod",
        "proof-of-delivery.pdf",
        "application/pdf",
        include_bytes!("../../../documents/proof-of-delivery.pdf"),
    ),
    (
        "GC00804444LX01",
        "doc-invoice",
        "invoice-810.edi",
        "application/edi-x12",
        include_bytes!("../../../documents/invoice-810.edi"),
    ),
];
