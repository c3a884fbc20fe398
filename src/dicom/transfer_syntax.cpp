#include "dosigate/dicom/transfer_syntax.h"

#include <algorithm>
#include <iterator>

#include "trim.h"

namespace dosigate {
namespace {

// Fragments pass through DCMTK unread: it has no codec for JPEG 2000, so nothing tries to decode
// them.
constexpr E_TransferSyntax kStandIn = EXS_JPEG2000LosslessOnly;

// PS3.6 Table A-1, edition 2026d, ascending as text. Left out: RFC 2557 and XML encoding (retired,
// no data sets) and Papyrus 3 (retired, a file of folders). SMPTE ST 2110 carries its frames in
// another flow (PS3.22), which makes them "referenced". The last row is GE's private syntax, known
// to DCMTK and still sent by old scanners.
constexpr TransferSyntax kSyntaxes[] = {
    // uid, name, encoding, encapsulated, referenced, retired, dcmtk, dcmtk_decodes
    {"1.2.840.10008.1.2", "Implicit VR Little Endian", Encoding::ImplicitLittle, false, false,
     false, EXS_LittleEndianImplicit, false},
    {"1.2.840.10008.1.2.1", "Explicit VR Little Endian", Encoding::ExplicitLittle, false, false,
     false, EXS_LittleEndianExplicit, false},
    {"1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", Encoding::DeflatedLittle,
     false, false, false, EXS_DeflatedLittleEndianExplicit, false},
    {"1.2.840.10008.1.2.2", "Explicit VR Big Endian", Encoding::ExplicitBig, false, false, true,
     EXS_BigEndianExplicit, false},
    {"1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", Encoding::ExplicitLittle, true,
     false, false, EXS_MPEG2MainProfileAtMainLevel, false},
    {"1.2.840.10008.1.2.4.100.1", "Fragmentable MPEG2 Main Profile / Main Level",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level", Encoding::ExplicitLittle, true,
     false, false, EXS_MPEG2MainProfileAtHighLevel, false},
    {"1.2.840.10008.1.2.4.101.1", "Fragmentable MPEG2 Main Profile / High Level",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1",
     Encoding::ExplicitLittle, true, false, false, EXS_MPEG4HighProfileLevel4_1, false},
    {"1.2.840.10008.1.2.4.102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
     Encoding::ExplicitLittle, true, false, false, EXS_MPEG4BDcompatibleHighProfileLevel4_1, false},
    {"1.2.840.10008.1.2.4.103.1",
     "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
     Encoding::ExplicitLittle, true, false, false, EXS_MPEG4HighProfileLevel4_2_For2DVideo, false},
    {"1.2.840.10008.1.2.4.104.1",
     "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
     Encoding::ExplicitLittle, true, false, false, EXS_MPEG4HighProfileLevel4_2_For3DVideo, false},
    {"1.2.840.10008.1.2.4.105.1",
     "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
     Encoding::ExplicitLittle, true, false, false, EXS_MPEG4StereoHighProfileLevel4_2, false},
    {"1.2.840.10008.1.2.4.106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile / Level 5.1", Encoding::ExplicitLittle,
     true, false, false, EXS_HEVCMainProfileLevel5_1, false},
    {"1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile / Level 5.1", Encoding::ExplicitLittle,
     true, false, false, EXS_HEVCMain10ProfileLevel5_1, false},
    {"1.2.840.10008.1.2.4.110", "JPEG XL Lossless", Encoding::ExplicitLittle, true, false, false,
     kStandIn, false},
    {"1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", Encoding::ExplicitLittle, true, false,
     false, kStandIn, false},
    {"1.2.840.10008.1.2.4.112", "JPEG XL", Encoding::ExplicitLittle, true, false, false, kStandIn,
     false},
    {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.202",
     "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000 Image Compression",
     Encoding::ExplicitLittle, true, false, false, kStandIn, false},
    {"1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced", Encoding::ExplicitLittle, false, true,
     false, EXS_JPIPReferenced, false},
    {"1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate", Encoding::DeflatedLittle, false,
     true, false, EXS_JPIPReferencedDeflate, false},
    {"1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", Encoding::ExplicitLittle, true, false,
     false, EXS_JPEGProcess1, true},
    {"1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 and 4)", Encoding::ExplicitLittle, true,
     false, false, EXS_JPEGProcess2_4, true},
    {"1.2.840.10008.1.2.4.52", "JPEG Extended (Process 3 and 5)", Encoding::ExplicitLittle, true,
     false, true, EXS_JPEGProcess3_5, false},
    {"1.2.840.10008.1.2.4.53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess6_8, true},
    {"1.2.840.10008.1.2.4.54", "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess7_9, false},
    {"1.2.840.10008.1.2.4.55", "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess10_12, true},
    {"1.2.840.10008.1.2.4.56", "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess11_13, false},
    {"1.2.840.10008.1.2.4.57", "JPEG Lossless, Non-Hierarchical (Process 14)",
     Encoding::ExplicitLittle, true, false, false, EXS_JPEGProcess14, true},
    {"1.2.840.10008.1.2.4.58", "JPEG Lossless, Non-Hierarchical (Process 15)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess15, false},
    {"1.2.840.10008.1.2.4.59", "JPEG Extended, Hierarchical (Process 16 and 18)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess16_18, false},
    {"1.2.840.10008.1.2.4.60", "JPEG Extended, Hierarchical (Process 17 and 19)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess17_19, false},
    {"1.2.840.10008.1.2.4.61", "JPEG Spectral Selection, Hierarchical (Process 20 and 22)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess20_22, false},
    {"1.2.840.10008.1.2.4.62", "JPEG Spectral Selection, Hierarchical (Process 21 and 23)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess21_23, false},
    {"1.2.840.10008.1.2.4.63", "JPEG Full Progression, Hierarchical (Process 24 and 26)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess24_26, false},
    {"1.2.840.10008.1.2.4.64", "JPEG Full Progression, Hierarchical (Process 25 and 27)",
     Encoding::ExplicitLittle, true, false, true, EXS_JPEGProcess25_27, false},
    {"1.2.840.10008.1.2.4.65", "JPEG Lossless, Hierarchical (Process 28)", Encoding::ExplicitLittle,
     true, false, true, EXS_JPEGProcess28, false},
    {"1.2.840.10008.1.2.4.66", "JPEG Lossless, Hierarchical (Process 29)", Encoding::ExplicitLittle,
     true, false, true, EXS_JPEGProcess29, false},
    {"1.2.840.10008.1.2.4.70",
     "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14, Selection Value 1)",
     Encoding::ExplicitLittle, true, false, false, EXS_JPEGProcess14SV1, true},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless Image Compression", Encoding::ExplicitLittle, true,
     false, false, EXS_JPEGLSLossless, true},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS Lossy (Near-Lossless) Image Compression",
     Encoding::ExplicitLittle, true, false, false, EXS_JPEGLSLossy, true},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 Image Compression (Lossless Only)",
     Encoding::ExplicitLittle, true, false, false, EXS_JPEG2000LosslessOnly, false},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000 Image Compression", Encoding::ExplicitLittle, true, false,
     false, EXS_JPEG2000, false},
    {"1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)",
     Encoding::ExplicitLittle, true, false, false, EXS_JPEG2000MulticomponentLosslessOnly, false},
    {"1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component Image Compression",
     Encoding::ExplicitLittle, true, false, false, EXS_JPEG2000Multicomponent, false},
    {"1.2.840.10008.1.2.4.94", "JPIP Referenced", Encoding::ExplicitLittle, false, true, false,
     EXS_JPIPReferenced, false},
    {"1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", Encoding::DeflatedLittle, false, true,
     false, EXS_JPIPReferencedDeflate, false},
    {"1.2.840.10008.1.2.5", "RLE Lossless", Encoding::ExplicitLittle, true, false, false,
     EXS_RLELossless, true},
    {"1.2.840.10008.1.2.7.1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video",
     Encoding::ExplicitLittle, false, true, false, EXS_LittleEndianExplicit, false},
    {"1.2.840.10008.1.2.7.2", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video",
     Encoding::ExplicitLittle, false, true, false, EXS_LittleEndianExplicit, false},
    {"1.2.840.10008.1.2.7.3", "SMPTE ST 2110-30 PCM Digital Audio", Encoding::ExplicitLittle, false,
     true, false, EXS_LittleEndianExplicit, false},
    {"1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", Encoding::ExplicitLittle, true,
     false, false, kStandIn, false},
    {"1.2.840.113619.5.2", "GE Private Implicit VR Little Endian with Big Endian Pixel Data",
     Encoding::ImplicitLittle, false, false, false, EXS_PrivateGE_LEI_WithBigEndianPixelData,
     false},
};

}  // namespace

std::span<const TransferSyntax> transfer_syntaxes() { return kSyntaxes; }

const TransferSyntax* find_transfer_syntax(std::string_view uid) {
  const std::string_view wanted = without_padding(uid);
  const auto* at = std::lower_bound(
      std::begin(kSyntaxes), std::end(kSyntaxes), wanted,
      [](const TransferSyntax& row, std::string_view key) { return row.uid < key; });
  return at != std::end(kSyntaxes) && at->uid == wanted ? at : nullptr;
}

}  // namespace dosigate
