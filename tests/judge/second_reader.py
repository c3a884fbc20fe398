"""Compares files before and after de-identification, read by pydicom and judged by dosimetry.md A3.

usage: second_reader.py PAIRS.tsv TABLE_E1_1.tsv [ALLOWED.tsv]
PAIRS.tsv: path before, path after, a name for the report; one pair per line.
ALLOWED.tsv: finding, name ("*" for any), path; and the reason, which a person reads.
Prints "finding<TAB>name<TAB>path" for everything that must not be, then "count<TAB>what<TAB>number".
No value of a data set is printed.
"""

import collections
import csv
import datetime
import fnmatch
import re
import sys
import unicodedata

import reading

PIXELS = "7FE0,0010"
# Sentinels that systems write for "no date" are nobody's and stay.
SENTINELS = {b"19000101", b"00010101", b"99991231"}
# Attributes that name a class, a coding scheme, a context group, a template or an implementation.
CLASS_UID_TAGS = {
    0x00020002, 0x00020010, 0x00020012, 0x00080016, 0x0008001A, 0x0008001B, 0x0008005A, 0x0008010C,
    0x0008010D, 0x00080117, 0x00080118, 0x00080062, 0x00081150, 0x00080082, 0x0008115A, 0x00280304,
    0x00041510, 0x00041512, 0x0400010A, 0x04000010, 0x00081196, 0x00089123,
}
# What the de-identification writes itself: implementation class and version in the meta information.
OURS = {"0002,0000", "0002,0001", "0002,0002", "0002,0003", "0002,0012", "0002,0013"}
# And elements that may be new.
ADDED = re.compile(r"^(0002,|0012,006[234]|0028,0303|0010,0010|0010,1010|0020,0010)")
# dosimetry.md A2: without these a study cannot be quantified.
MUST_STAY = {
    0x00080020, 0x00080030, 0x00080021, 0x00080031, 0x00080022, 0x00080032, 0x0008002A, 0x00080023, 0x00080033,
    0x00080201, 0x00181072, 0x00181073, 0x00181078, 0x00181079, 0x00089701, 0x00189151, 0x00189074, 0x00189516,
    0x00189517, 0x00541300, 0x00541321, 0x00181242, 0x00181063, 0x00189758, 0x00540016, 0x00181074, 0x00181077,
    0x00181075, 0x00181076, 0x00181071, 0x00540304, 0x00540300, 0x00540302, 0x00541001, 0x00541102, 0x00541006,
    0x00280051, 0x00281052, 0x00281053, 0x00281054, 0x00409096, 0x00409224, 0x00409225, 0x00541322, 0x00541323,
    0x00541324, 0x00541103, 0x00541101, 0x00541105, 0x00101030, 0x00101020, 0x00080070, 0x00081090,
    0x00540010, 0x00540012, 0x00540013, 0x00540014, 0x00540015, 0x00540020, 0x00540022, 0x00540200, 0x00181142,
    0x00200032, 0x00200037, 0x00540030, 0x00540050, 0x00540052, 0x00181130, 0x00181140, 0x00181143, 0x00181144,
    0x00540053, 0x00540060, 0x00540070, 0x00540080, 0x00540090, 0x00540100, 0x00280009, 0x00180070, 0x00180071,
    0x00280030, 0x00180050, 0x00280010, 0x00280011, 0x30060050, 0x3004000E, 0x3004000A, 0x3004000C, 0x7FE00010,
    0x00200052, 0x00080016, 0x00080018, 0x0040A30A,
}  # fmt: skip
MUST_STAY_PRIVATE = {
    ("Philips PET Private Group", 0x7053, 0x00), ("Philips PET Private Group", 0x7053, 0x09),
    ("GEMS_PETD_01", 0x0009, 0x0D), ("GEMS_PETD_01", 0x0009, 0x38), ("GEMS_PETD_01", 0x0009, 0x39),
    ("GEMS_PETD_01", 0x0009, 0x3B), ("GEMS_PETD_01", 0x0009, 0x3C), ("GEMS_PETD_01", 0x0009, 0x3D),
    ("SIEMENS MED PT", 0x0071, 0x22), ("SIEMENS MED NM", 0x0033, 0x38), ("GEMS_GENIE_1", 0x0011, 0x3B),
    ("GEMS_GENIE_1", 0x0011, 0x19), ("GEMS_GENIE_1", 0x0013, 0x1E), ("GEMS_GENIE_1", 0x0055, 0x22),
}  # fmt: skip
# Icons and private sequences that are no list of detectors go as a whole.
NOT_DOSIMETRY = re.compile(r"0088,0200|[0-9A-F]{3}[13579BDF],")
# Versions of public vocabularies: their dates are published, so a shifted one would tell the offset.
PUBLIC_DATES = {0x00080106, 0x00080107}
# What systems write for nobody; and words of PN that name no person.
NOBODY = {"anonymous", "anonymized", "anonymised", "removed", "unknown", "none", "test", "phantom", "patient", "null"}


def number(tag):
    return (tag.group << 16) | tag.element


def fold(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def day(text):
    """Days since year 1; None when it is no date."""
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()
    except (ValueError, OverflowError):
        return None


class Findings:
    def __init__(self, allowed):
        self.allowed = allowed
        self.lines = set()
        self.counts = collections.Counter()
        self.used = set()

    def add(self, what, name, path):
        for number, (finding, where, at) in enumerate(self.allowed):
            if finding == what and fnmatch.fnmatch(name, where) and fnmatch.fnmatch(path, at):
                self.used.add(number)
                return
        self.lines.add((what, name, path))


class Patient:
    """What all objects of one patient must have in common."""

    def __init__(self):
        self.offsets = collections.Counter()
        self.partial = []  # (name, path, before, after) of DT that have no day
        self.uids, self.back = {}, {}
        self.secrets = {}  # folded spelling: kind
        self.files = []


def removed_tags(table):
    """Tags whose value Table E.1-1 lets nothing of survive in this profile: X, Z or D, and no option
    of the dosimetry profile says otherwise."""
    out = set()
    with open(table, encoding="utf-8") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        for row in rows:
            kept = any(row[c] for c in ("rtn_safe_priv", "rtn_pat_chars", "rtn_long_modif", "clean_desc", "clean_struct"))
            if re.fullmatch(r"[0-9A-F]{4},[0-9A-F]{4}", row["tag"]) and "U" not in row["basic"] and not kept:
                out.add(int(row["tag"].replace(",", ""), 16))
    return out


def compare_dates(one, two, patient, name, findings):
    before, after = reading.split(one.raw), reading.split(two.raw)
    if after == [b""]:
        return
    if len(before) != len(after):
        findings.add("number of dates changed", name, two.path)
        return
    for was, now in zip(before, after):
        if number(two.tag) in PUBLIC_DATES:
            if was == now:
                findings.add("public date stays", name, two.path)
            continue
        if not now or (was == now and was[:8].replace(b".", b"") in SENTINELS):
            continue
        dotted = len(was) == 10 and was[4:5] == b"."
        if dotted:
            was, now = was.replace(b".", b""), now.replace(b".", b"")
        digits = re.match(rb"\d*", was).group()
        if two.vr == "DT" and len(digits) in (4, 6):
            patient.partial.append((name, two.path, digits, now, was[len(digits):]))
            continue
        first, second = day(was.decode("latin-1")), day(now.decode("latin-1"))
        if first is None or second is None or was[8:] != now[8:]:
            findings.add("date is not a shifted date", name, two.path)
            continue
        patient.offsets[second - first] += 1
        findings.counts["dates shifted"] += 1


def compare_uids(one, two, patient, name, findings):
    before, after = reading.split(one.raw), reading.split(two.raw)
    if after == [b""]:
        return
    if len(before) != len(after):
        findings.add("number of UIDs changed", name, two.path)
        return
    for was, now in zip(before, after):
        if number(two.tag) in CLASS_UID_TAGS or reading.is_class_uid(was.decode("latin-1")):
            if was != now:
                findings.add("class UID changed", name, two.path)
            findings.counts["class UIDs equal"] += 1
            continue
        if not was and not now:
            continue
        if was == now or not re.fullmatch(rb"2\.25\.[1-9]\d{0,38}", now):
            findings.add("instance UID not mapped", name, two.path)
            continue
        if patient.uids.setdefault(was, now) != now:
            findings.add("one UID became two", name, two.path)
        if patient.back.setdefault(now, was) != was:
            findings.add("two UIDs became one", name, two.path)
        findings.counts["UIDs mapped"] += 1


def unpadded(raw):
    return raw[:-1] if raw[-1:] in (b"\0", b" ") else raw


def same_number(one, two):
    """Byte by byte; spaces around the decimal strings are no part of them (PS3.5 6.2)."""
    if two.vr in ("DS", "IS"):
        return reading.split(one.raw) == reading.split(two.raw)
    return unpadded(one.raw) == unpadded(two.raw)


def compare_element(one, two, patient, name, findings):
    tag = two.tag
    if two.path in OURS:
        return
    if two.vr in ("DA", "DT"):
        compare_dates(one, two, patient, name, findings)
    elif two.vr == "UI":
        compare_uids(one, two, patient, name, findings)
    elif two.vr == "TM":
        if one.raw != two.raw and two.raw:
            findings.add("time changed", name, two.path)
        findings.counts["times equal"] += one.raw == two.raw
    elif one.raw is None or two.raw is None:
        if (one.raw is None) != (two.raw is None) and one.vr != "UN":
            findings.add("sequence and bytes", name, two.path)
    elif two.vr in reading.NUMBER_VRS or two.path == PIXELS:
        if not same_number(one, two) and (two.raw or number(tag) in MUST_STAY):
            findings.add("number changed", name, two.path)
        findings.counts["numbers and pixels equal"] += same_number(one, two)
    elif tag.group % 2 and two.raw and unpadded(one.raw) != unpadded(two.raw):
        findings.add("private value changed", name, two.path)


def compare(before, after, patient, name, findings, removed):
    # The meta information of the source is often wrong; that of the output says what is in the file.
    for meta, inside in (("0002,0002", "0008,0016"), ("0002,0003", "0008,0018")):
        if reading.split(after[meta].raw) != reading.split(after[inside].raw):
            findings.add("meta information is not of this object", name, meta)
    for path, two in after.items():
        one = before.get(path)
        if one is None:
            if not ADDED.match(path) and two.raw != b"":
                findings.add("element appeared", name, path)
            continue
        compare_element(one, two, patient, name, findings)
        if number(two.tag) in removed and two.raw and one.raw and two.vr != "TM":
            if unpadded(one.raw) == unpadded(two.raw) and fold(one.raw.decode("latin-1")).strip(" \0") not in NOBODY:
                findings.add("identifying value stays", name, path)
            findings.counts["identifying values replaced"] += unpadded(one.raw) != unpadded(two.raw)
    for path, one in before.items():
        lost = path not in after or (one.raw and after[path].raw == b"")
        standard = number(one.tag) in MUST_STAY and not NOT_DOSIMETRY.match(path)
        wanted = standard or (one.creator, one.tag.group, one.tag.element & 0xFF) in MUST_STAY_PRIVATE
        if wanted and lost and (one.raw is None or one.raw.strip(b" \0")):
            findings.add("needed by dosimetry and gone", name, path)
        findings.counts["needed by dosimetry and there"] += bool(wanted and not lost)


# What of the source names a person, an order or the hospital; found again anywhere, it is a leak.
ID_TAGS = {
    0x00080050, 0x00100020, 0x00101000, 0x00101090, 0x00102154, 0x00101040, 0x00101050, 0x00380010, 0x00380060,
    0x00400009, 0x00400253, 0x00401001, 0x00402016, 0x00402017, 0x00200010, 0x00080080, 0x00080081, 0x00081010,
    0x00181000,
}  # fmt: skip


def collect_secrets(before, patient):
    # A camera whose station or owner is called like its maker gives nobody away.
    makers = [element for element in before.values() if number(element.tag) in (0x00080070, 0x00081090)]
    public = {fold(reading.decode(element, False)).strip(" \0") for element in makers}

    def is_public(value):
        return any(re.search(rf"(^|[\W_]){re.escape(value)}($|[\W_])", maker) for maker in public)

    for element in before.values():
        if element.raw is None or not element.raw:
            continue
        if element.vr == "PN":
            for word in re.findall(r"[^\W\d_]{4,}", fold(reading.decode(element, False))):
                if word not in NOBODY:
                    patient.secrets[word] = "name"
        elif number(element.tag) in ID_TAGS and element.vr in reading.TEXT_VRS:
            for value in reading.decode(element, False).split("\\"):
                value = fold(value.strip(" \0"))
                if len(value) >= 5 and len(set(value)) > 1 and value not in NOBODY and not is_public(value):
                    patient.secrets[value] = "identifier"
        elif element.vr == "DA" and number(element.tag) in (0x00100030, 0x00080020, 0x00080021, 0x00080022):
            for value in reading.split(element.raw):
                text = value.decode("latin-1").replace(".", "")
                if day(text) and value not in SENTINELS and len(text) == 8:
                    for spelling in (text, f"{text[6:]}/{text[4:6]}/{text[:4]}", f"{text[:4]}-{text[4:6]}-{text[6:]}"):
                        patient.secrets[spelling] = "date"
        elif element.vr == "UI" and number(element.tag) not in CLASS_UID_TAGS:
            for value in reading.split(element.raw):
                text = value.decode("latin-1")
                if len(text) > 12 and not reading.is_class_uid(text):
                    patient.secrets[text] = "UID"


def search_bytes(path, patient, name, findings):
    """UIDs are too long to stand anywhere by chance: the whole file, preamble and padding too."""
    with open(path, "rb") as file:
        everything = file.read()
    if everything[:128].strip(b"\0"):
        findings.add("preamble is not empty", name, "-")
    numbers = set(re.findall(rb"[0-9][0-9.]{11,63}", everything))
    for secret, kind in patient.secrets.items():
        if kind == "UID" and secret.encode() in numbers:
            findings.add("a UID in the bytes", name, "-")
    findings.counts["bytes searched"] += len(everything)


def search(after, patient, name, findings):
    words = {s: k for s, k in patient.secrets.items() if k == "name"}
    others = {s: k for s, k in patient.secrets.items() if k != "name"}
    for element in after.values():
        if element.raw is None or element.path in OURS or element.path == PIXELS:
            continue
        if element.vr in reading.TEXT_VRS or element.vr == "UI":
            try:
                text = reading.decode(element, True)
            except UnicodeError:
                findings.add("text does not decode", name, element.path)
                text = reading.decode(element, False)
            if "\ufffd" in text:
                findings.add("replacement character", name, element.path)
            findings.counts["texts decoded"] += 1
        elif element.vr in ("OB", "UN", "OW"):
            text = element.raw.decode("latin-1")
        else:
            continue
        folded = fold(text)
        for word in re.findall(r"[^\W\d_]{4,}", folded):
            if word in words:
                findings.add("a name in", name, element.path)
        for secret, kind in others.items():
            at = folded.find(secret)
            while at >= 0:
                ends = folded[at - 1 : at] + folded[at + len(secret) : at + len(secret) + 1]
                if not re.search(r"[^\W_]|\.\d" if kind == "UID" else r"[^\W_]", ends):
                    findings.add(f"a {kind} in" if kind != "identifier" else "an identifier in", name, element.path)
                    break
                at = folded.find(secret, at + 1)


def judge_patient(patient, findings):
    names = ", ".join(sorted({name for name, *_ in patient.files})[:3])
    if len(patient.offsets) > 1:
        findings.add("several offsets for one patient", names, "-")
    if 0 in patient.offsets:
        findings.add("dates not shifted", names, "-")
    for name, path, was, now, rest in patient.partial:
        if not patient.offsets:
            continue
        offset = next(iter(patient.offsets))
        first = datetime.date(int(was[:4]), int(was[4:6] or b"1"), 1) + datetime.timedelta(offset)
        if now != first.strftime("%Y%m%d")[: len(was)].encode() + rest:
            findings.add("partial date is not the shifted first day", name, path)
    for name, path, after in patient.files:
        search(after, patient, name, findings)
        search_bytes(path, patient, name, findings)


def main(pairs, table, allowed=None):
    rows = []
    if allowed:
        with open(allowed, encoding="utf-8") as lines:
            rows = [tuple(line.split("\t")[:3]) for line in lines if not line.startswith(("#", "new error"))]
    findings = Findings(rows)
    removed = removed_tags(table)
    patients = collections.defaultdict(Patient)
    for line in open(pairs, encoding="utf-8"):
        first, second, name = line.rstrip("\n").split("\t")
        before, after = reading.read(first), reading.read(second)
        pseudonym = after["0010,0020"].raw.strip(b" \0")
        patient = patients[pseudonym]
        compare(before, after, patient, name, findings, removed)
        collect_secrets(before, patient)
        patient.files.append((name, second, after))
        findings.counts["files"] += 1
    for patient in patients.values():
        judge_patient(patient, findings)
    findings.counts["patients"] = len(patients)
    findings.counts["secrets searched"] = sum(len(p.secrets) for p in patients.values())
    for index, row in enumerate(rows):
        if index not in findings.used:
            print("note", "unused allowance", row[1], row[2], sep="\t")
    for what, name, path in sorted(findings.lines):
        print(what, name, path, sep="\t")
    for what, count in sorted(findings.counts.items()):
        print("count", what, count, sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
