"""Reads DICOM with pydicom alone, element by element, with the bytes as they are stored.

What VR a private element has when the file does not say it is written down here a second time, from
the conformance statements of the vendors: the reader must not ask the node's own tables.
"""

import collections
import warnings

import pydicom
from pydicom import charset, config, datadict, valuerep
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.uid import UID_dictionary

config.settings.reading_validation_mode = config.IGNORE
config.convert_wrong_length_to_UN = True
warnings.simplefilter("ignore")

TEXT_VRS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
DECODED_VRS = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"}
NUMBER_VRS = {"AT", "DS", "FD", "FL", "IS", "OD", "OF", "OL", "OV", "SL", "SS", "SV", "UL", "US", "UV"}


def _private(creator, group, vr, elements):
    return {(creator, group, element): vr for element in elements}


PRIVATE_VRS = {
    **_private("GEMS_PETD_01", 0x0009, "DT", (0x05, 0x0D, 0x0E, 0x39, 0x3B, 0x3D, 0x68, 0x6C, 0x7B)),
    **_private("GEMS_PETD_01", 0x0017, "DT", (0x04, 0x0A)),
    **_private("GEMS_PETD_01", 0x0019, "DT", (0x04, 0x0D, 0x10)),
    **_private("SIEMENS MED PT", 0x0071, "DT", (0x22,)),
    **_private(
        "GEMS_PETD_01",
        0x0009,
        "UI",
        (0x07, 0x0A, 0x13, 0x56, 0x57, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x82, 0x96, 0x97, 0x98, 0x99, 0x9C, 0xAD),
    ),
    **_private("GEMS_PETD_01", 0x0017, "UI", (0x01,)),
    **_private("GEMS_PETD_01", 0x0019, "UI", (0x01,)),
    **_private("SIEMENS MED PT", 0x0071, "UI", (0x21,)),
}

# path: "0054,0016[0].0018,1072"; tag: the last tag of it; raw: bytes as stored (None for a sequence);
# charset: the value of (0008,0005) that holds there, as a list.
Element = collections.namedtuple("Element", "path tag vr raw charset creator")


def is_class_uid(uid):
    return uid in UID_dictionary


def split(raw):
    """The values of an element of text, UIDs, dates or number strings, without padding."""
    return [value.strip(b" \0") for value in raw.split(b"\\")]


def _text(value):
    return value.decode("latin-1").strip(" \0") if isinstance(value, bytes) else str(value).strip(" \0")


def _creators(dataset):
    found = {}
    for tag in dataset.keys():
        if tag.group % 2 and 0x10 <= tag.element <= 0xFF:
            value = dataset.get_item(tag).value
            found[(tag.group, tag.element)] = _text(value if value is not None else b"")
    return found


def _vr(raw, creator):
    tag = raw.tag
    known = PRIVATE_VRS.get((creator, tag.group, tag.element & 0xFF)) if tag.group % 2 else None
    if known and raw.VR in (None, "UN"):
        return known
    if raw.VR not in (None, "UN"):
        return raw.VR
    if tag.group % 2:
        if tag.element <= 0xFF:
            return "LO"
        try:
            return datadict.private_dictionary_VR(tag, creator) if creator else "UN"
        except KeyError:
            return "UN"
    if tag.element == 0:
        return "UL"
    try:
        return datadict.dictionary_VR(tag)
    except KeyError:
        return "UN"


# Sequences whose items are named by a concept: de-identification may take some of them out.
CONTENT = {0x0040A730, 0x00400612, 0x00400555}


def _names(tag, items):
    """How the items of a sequence are told apart in a path: by place, or by concept where one may go."""
    if (tag.group << 16 | tag.element) not in CONTENT:
        return [str(place) for place in range(len(items))]
    seen, names = collections.Counter(), []
    for item in items:
        concept = item[0x0040A043].value[0] if 0x0040A043 in item and item[0x0040A043].value else {}
        key = f"{item.get('ValueType', '')} {concept.get('CodeValue', '')}"
        names.append(f"{key} {seen[key]}")
        seen[key] += 1
    return names


def elements(dataset, prefix="", inherited=()):
    """Every element at every depth, in order."""
    own = dataset.get_item(0x00080005) if 0x00080005 in dataset else None
    if own is not None and own.value:
        inherited = [_text(v) for v in _stored(own).split(b"\\")]
    creators = _creators(dataset)
    for tag in sorted(dataset.keys()):
        path = f"{prefix}{tag.group:04X},{tag.element:04X}"
        creator = creators.get((tag.group, tag.element >> 8), "") if tag.group % 2 else ""
        item = dataset.get_item(tag)
        vr = item.VR if isinstance(item, DataElement) else _vr(item, creator)
        if vr == "SQ" or (isinstance(item, DataElement) and isinstance(item.value, pydicom.Sequence)):
            items = item.value if isinstance(item, DataElement) else dataset[tag].value
            if isinstance(items, bytes):
                yield Element(path, tag, "UN", items, inherited, creator)
                continue
            yield Element(path, tag, "SQ", None, inherited, creator)
            for name, inner in zip(_names(tag, items), items):
                yield from elements(inner, f"{path}[{name}].", inherited)
        else:
            raw = item.value if isinstance(item, RawDataElement) else _stored(item)
            yield Element(path, tag, vr, raw or b"", inherited, creator)


def _stored(element):
    """pydicom has already made a value of this one: only the character set and its like."""
    value = element.value
    if isinstance(value, bytes):
        return value
    values = value if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]
    return "\\".join("" if v is None else str(v) for v in values).encode("latin-1", "replace")


def read(path):
    """{path of the element: Element} of a Part 10 file, its meta information included."""
    dataset = pydicom.dcmread(path, force=True)
    found = {element.path: element for element in elements(dataset.file_meta)}
    found.update((element.path, element) for element in elements(dataset))
    return found


def decode(element, strict):
    """The text of an element by pydicom's own character set code. UnicodeError when it is strict and
    the bytes are not of the declared set."""
    encodings = charset.convert_encodings(list(element.charset) or "ISO_IR 6")
    if not element.charset or element.charset == [""]:
        # pydicom reads undeclared text as Latin-1; the standard says ASCII.
        if strict and any(byte >= 0x80 for byte in element.raw):
            raise UnicodeError("not ASCII, and no character set is declared")
    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.RAISE if strict else config.IGNORE
    try:
        delimiters = valuerep.PN_DELIMS if element.vr == "PN" else valuerep.TEXT_VR_DELIMS
        if element.vr not in DECODED_VRS:
            return element.raw.decode("ascii" if strict else "latin-1")
        return charset.decode_bytes(element.raw, encodings, delimiters)
    finally:
        config.settings.reading_validation_mode = mode
