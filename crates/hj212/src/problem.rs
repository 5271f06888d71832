//! What can be wrong or odd about a piece of the stream. Each has a stable code for lists and counts.

use std::fmt;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $fatal:literal;)*) => {
        /// Kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemCode { $($(#[$doc])* $name,)* }

        impl ProblemCode {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Stable code.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whether a piece with it is not `ok`: header, length, CRC, tail or segment syntax is wrong.
            pub fn breaks(self) -> bool {
                match self { $(Self::$name => $fatal,)* }
            }
        }
    };
}

problems! {
    /// Bytes that begin with no `##` and four digits.
    NoHeader = "no_header", true;
    /// Fewer bytes than the length says.
    CutShort = "cut_short", true;
    /// The length field has three digits; read all the same when the CRC is right.
    LengthThreeDigits = "length_three_digits", true;
    /// The length is beyond the bound set.
    LengthTooLarge = "length_too_large", true;
    /// No four hex digits where the length says the CRC is.
    LengthMismatch = "length_mismatch", true;
    /// The CRC is not that of the segment.
    CrcWrong = "crc_wrong", true;
    /// CRC-16/MODBUS instead; accepted for this device.
    CrcModbus = "crc_modbus", true;
    /// CRC-16/MODBUS with its bytes swapped; accepted for this device.
    CrcModbusSwapped = "crc_modbus_swapped", true;
    /// LF alone, or CR alone, after the CRC.
    TailNotCrLf = "tail_not_crlf", true;
    /// Nothing of CR LF after the CRC.
    TailMissing = "tail_missing", true;
    /// The header is not `name=value` pairs joined by `;`.
    HeaderSyntax = "header_syntax", true;
    /// No `CP=&&…&&` at the end of the segment.
    AreaSyntax = "area_syntax", true;
    /// The data area is not text, and the device has no key.
    EncryptedWithoutKey = "encrypted_without_key", true;
    /// CRC in lower case.
    CrcLowerCase = "crc_lower_case", false;
    /// More than the 1024 bytes the standards allow.
    SegmentLong = "segment_long", false;
    /// An item of the data area without `=`.
    ItemWithoutValue = "item_without_value", false;
    /// Blanks where none belong.
    StrayBlanks = "stray_blanks", false;
    /// QN absent; 2005 devices may leave it out.
    QnMissing = "qn_missing", false;
    /// QN is not 17 digits of a possible time.
    QnOdd = "qn_odd", false;
    /// ST is not two characters.
    StOdd = "st_odd", false;
    /// CN is not in the table; carried through.
    CnUnknown = "cn_unknown", false;
    /// MN is not of its edition's form.
    MnOdd = "mn_odd", false;
    /// PW is not six characters.
    PwOdd = "pw_odd", false;
    /// Flag is not a number of 0 to 255.
    FlagOdd = "flag_odd", false;
    /// PNUM or PNO are no numbers, PNO is 0 or beyond PNUM.
    PacketNumbersOdd = "packet_numbers_odd", false;
    /// PNUM/PNO and bit 1 of Flag do not agree.
    PacketBitOdd = "packet_bit_odd", false;
    /// DataTime is not 14 digits of a possible time.
    DataTimeOdd = "data_time_odd", false;
    /// A field name appears twice in the header; the first counts.
    FieldTwice = "field_twice", false;
    /// A field name the standards do not know.
    FieldUnknown = "field_unknown", false;
    /// Text that is not UTF-8.
    TextNotUtf8 = "text_not_utf8", false;
    /// Cipher sent as hex text, with a changed length.
    CipherAsHex = "cipher_as_hex", false;
}

/// One problem with its place and figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Kind.
    pub code: ProblemCode,
    /// Where and what, for people.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}
