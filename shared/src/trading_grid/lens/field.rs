//! The fields of a Lens entry that OpenText's published queries name.

/// Writes the enum, its list and its names from one table.
macro_rules! fields {
    ($($name:ident = $text:literal,)+) => {
        /// A field of a Lens entry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are those of Lens, in words")]
        pub enum Field {
            $($name,)+
        }

        impl Field {
            /// All of them.
            pub const ALL: &[Field] = &[$(Field::$name,)+];

            /// Its name in a query.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Field::$name => $text,)+
                }
            }
        }
    };
}

fields! {
    ArrivalTime = "arrivaltime",
    ArrivalTimeFacetDaily = "arrivaltimefacetdaily",
    Category = "category",
    ClientSource = "clientsource",
    ClientStatus = "clientstatus",
    CorrelationId = "correlationid",
    DeliveryAckStatus = "deliveryackstatus",
    DeliveryAckTimestamp = "deliveryacktimestamp",
    DeliveryCompletedTimestamp = "deliverycompletedtimestamp",
    DeliveryFileName = "deliveryfilename",
    DeliveryReceipt = "deliveryreceipt",
    DeliveryStatus = "deliverystatus",
    EdiType = "editype",
    EnvelopeType = "envelopetype",
    ErrorCode = "errorcode",
    ErrorType = "errortype",
    ExternalErrorMessage = "externalerrormessage",
    Acknowledgement = "fastatus",
    AcknowledgementDate = "fastatusdate",
    FirstByteTimestamp = "firstbytetimestamp",
    InAgent = "inagent",
    InboundPipelineId = "inboundpipelineid",
    InFormat = "informat",
    InSize = "insize",
    InvoiceTotalAmount = "invoicetotalamount",
    ItineraryCompletedTimestamp = "itinerarycompletedtimestamp",
    Labels = "labels",
    LastByteTimestamp = "lastbytetimestamp",
    OutAgent = "outagent",
    OutboundPipelineId = "outboundpipelineid",
    OutFormat = "outformat",
    OutSize = "outsize",
    ParentTransactionId = "parenttransactionid",
    Platform = "platform",
    PoTotalAmount = "pototalamount",
    ProcessingCell = "processingcell",
    ProcessingComputeZone = "processingcomputezone",
    ProcessingRegion = "processingregion",
    ProcessingSubStatus = "processingsubstatus",
    ProcessingTime = "processingtime",
    ProcessorId = "processorid",
    PurgeDate = "purgedate",
    ReadyForPickupTimestamp = "readyforpickuptimestamp",
    ReceiveAckStatus = "receiveackstatus",
    ReceiveFileName = "receivefilename",
    ReceiverAddress = "receiveraddress",
    ReceiverIp = "receiverip",
    ReceiverMailbox = "receivermailbox",
    ReceiverName = "receivername",
    SenderAddress = "senderaddress",
    SenderFileName = "senderfilename",
    SenderIp = "senderip",
    SenderMailbox = "sendermailbox",
    SenderName = "sendername",
    SenderReference = "senderreference",
    SenderTransactionId = "sendertransactionid",
    ServiceType = "servicetype",
    SolutionId = "solutionid",
    StandardVersion = "standardversion",
    Status = "status",
    StatusDate = "statusdate",
    TransactionId = "transactionid",
    TransactionLevel = "transactionlevel",
    Type = "type",
}
