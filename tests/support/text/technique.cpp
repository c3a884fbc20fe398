#include "corpus.h"

namespace dosigate::testing {

namespace {

constexpr const char* kStudies[] = {"SPECT",
                                    "SPECT/CT",
                                    "SPECT-CT tórax e abdome",
                                    "PET/CT",
                                    "PET-CT oncológico",
                                    "PET/RM crânio",
                                    "PESQUISA DE CORPO INTEIRO",
                                    "PCI pós-dose",
                                    "Cintilografia óssea trifásica",
                                    "CINTILOGRAFIA OSSEA TOMOGRAFICA",
                                    "Cintilografia de perfusão miocárdica",
                                    "Cintilografia renal dinâmica com diurético",
                                    "Cintilografia renal estática",
                                    "Renograma basal",
                                    "Cintilografia de tireoide e captação",
                                    "Cintilografia de paratireoides com sestamibi",
                                    "Cintilografia hepatobiliar",
                                    "Esvaziamento gástrico sólido",
                                    "Trânsito esofagiano",
                                    "Pesquisa de refluxo gastroesofágico",
                                    "Pesquisa de divertículo de Meckel",
                                    "Pesquisa de sangramento digestivo",
                                    "Linfocintilografia de membros inferiores",
                                    "Pesquisa de linfonodo sentinela mama",
                                    "Cintilografia pulmonar ventilação e perfusão",
                                    "Cintilografia cerebral de perfusão",
                                    "Cisternocintilografia",
                                    "Ventriculografia radioisotópica",
                                    "Cintilografia com gálio",
                                    "Cintilografia com leucócitos marcados",
                                    "Cintilografia de glândulas salivares",
                                    "Dacriocintilografia",
                                    "Cistocintilografia direta",
                                    "Imuno-PET",
                                    "Dosimetria pós-terapia",
                                    "Planejamento de radioembolização",
                                    "Whole body bone scan",
                                    "WB planar ant/post",
                                    "Bone scan 3 phase",
                                    "Myocardial perfusion stress/rest",
                                    "Gated SPECT",
                                    "MUGA",
                                    "V/Q scan",
                                    "Thyroid uptake",
                                    "Parathyroid subtraction",
                                    "HIDA",
                                    "Gastric emptying",
                                    "Renal MAG3 with Lasix",
                                    "Lung quantification",
                                    "Brain perfusion",
                                    "DaTscan SPECT",
                                    "Post therapy scan",
                                    "Lu-PSMA dosimetry",
                                    "Y90 bremsstrahlung",
                                    "Sentinel node",
                                    "Lymphoscintigraphy",
                                    "Shunt study",
                                    "Octreoscan",
                                    "PET skull base to mid thigh",
                                    "PET vertex to toes",
                                    "PET coxa à base do crânio",
                                    "Estudo dinâmico",
                                    "Imagem estática tardia",
                                    "Varredura corpo total",
                                    "Localizador",
                                    "Topograma",
                                    "Scout",
                                    "TC de baixa dose",
                                    "TC para correção de atenuação",
                                    "CT AC",
                                    "CTAC",
                                    "CT low dose",
                                    "Low Dose CT WB",
                                    "TC DE TÓRAX",
                                    "TC abdome total com contraste",
                                    "RM de pelve",
                                    "Angiotomografia",
                                    "Fusão PET/CT",
                                    "MIP",
                                    "MPR coronal",
                                    "Save screen",
                                    "Dose report",
                                    "Curva tempo-atividade",
                                    "Relatório de dose"};
constexpr const char* kTracers[] = {"Lu-177 PSMA",
                                    "177Lu-PSMA-617",
                                    "Lu177-DOTATATE",
                                    "LU 177 DOTATATO",
                                    "[177Lu]Lu-PSMA-I&T",
                                    "Ga-68 PSMA-11",
                                    "68Ga-DOTATOC",
                                    "Ga68 DOTANOC",
                                    "18F-FDG",
                                    "F18-FDG",
                                    "FDG",
                                    "F-18 PSMA-1007",
                                    "NaF F-18",
                                    "18F-fluoreto",
                                    "18F-DCFPyL",
                                    "18F-colina",
                                    "68Ga-FAPI-46",
                                    "I-131",
                                    "131I",
                                    "iodo-131",
                                    "I-131 MIBG",
                                    "123I-MIBG",
                                    "MIBG",
                                    "Tc-99m MDP",
                                    "99mTc-MDP",
                                    "Tc99m-DPD",
                                    "MDP",
                                    "99mTc-DMSA",
                                    "DTPA",
                                    "MAG3",
                                    "99mTc-MAA",
                                    "enxofre coloidal",
                                    "fitato",
                                    "sestamibi",
                                    "MIBI",
                                    "tetrofosmin",
                                    "pertecnetato",
                                    "Tc-99m HMPAO",
                                    "ECD",
                                    "TRODAT-1",
                                    "hemácias marcadas",
                                    "estanho coloidal",
                                    "nanocoloide",
                                    "Tl-201",
                                    "tálio-201",
                                    "Ga-67 citrato",
                                    "In-111 octreotide",
                                    "Y-90 microesferas",
                                    "ítrio-90",
                                    "Ra-223",
                                    "Rádio-223",
                                    "Sm-153 EDTMP",
                                    "Ac-225 PSMA",
                                    "225Ac-PSMA-617",
                                    "Zr-89",
                                    "Cu-64 DOTATATE",
                                    "Rb-82",
                                    "N-13 amônia",
                                    "Tb-161 PSMA",
                                    "Ho-166",
                                    "lutécio-177",
                                    "PSMA",
                                    "DOTATATE",
                                    "gálio-68"};
constexpr const char* kTimes[] = {"24h",
                                  "4h",
                                  "48 h",
                                  "72h",
                                  "96 h",
                                  "168h",
                                  "24 horas",
                                  "1h pós",
                                  "2 h pós injeção",
                                  "D+1",
                                  "D+3",
                                  "D7",
                                  "D0",
                                  "dia 2",
                                  "dia 4",
                                  "day 1",
                                  "Day 3",
                                  "imediato",
                                  "tardia 3h",
                                  "precoce",
                                  "delayed 4 h",
                                  "late",
                                  "early",
                                  "60 min",
                                  "120min p.i.",
                                  "90 min pi",
                                  "20 min",
                                  "1ª semana",
                                  "7 dias",
                                  "TP1",
                                  "TP 3",
                                  "tempo 2",
                                  "4/24/48h",
                                  "24-48-72h",
                                  "basal",
                                  "pós-esforço",
                                  "repouso",
                                  "stress",
                                  "rest",
                                  "fase 1",
                                  "fase tardia",
                                  "2ª fase",
                                  "pós-diurético",
                                  "pré-terapia",
                                  "pós-terapia",
                                  "post infusion",
                                  "0-20 min",
                                  "0h",
                                  "15 minutos",
                                  "h24",
                                  "t=24h"};
constexpr const char* kCycles[] = {
    "ciclo 1",   "ciclo 2",   "CICLO 3",     "C1",       "C2",          "c4",
    "cycle 2",   "Cycle 6",   "ciclo2",      "2º ciclo", "1o ciclo",    "dose 1",
    "terapia 2", "Ciclo 1/4", "ciclo 2 D+1", "C3D4",     "tratamento 1"};
constexpr const char* kRegions[] = {"corpo inteiro",
                                    "WB",
                                    "tórax",
                                    "abdome",
                                    "abdome superior",
                                    "pelve",
                                    "cabeça e pescoço",
                                    "head and neck",
                                    "crânio",
                                    "coluna lombar",
                                    "coluna lombossacra",
                                    "joelhos",
                                    "mãos",
                                    "pés",
                                    "ombro esquerdo",
                                    "quadril direito",
                                    "bacia",
                                    "membros inferiores",
                                    "rim D",
                                    "rim E",
                                    "rins",
                                    "fígado",
                                    "baço",
                                    "liver",
                                    "spleen",
                                    "kidneys",
                                    "parótidas",
                                    "glândulas submandibulares",
                                    "lacrimal gland L",
                                    "bexiga",
                                    "medula óssea",
                                    "bone marrow L2-L4",
                                    "próstata",
                                    "prostate",
                                    "linfonodos",
                                    "lesão 3",
                                    "lesion 12",
                                    "tumor",
                                    "mama E",
                                    "axila direita",
                                    "pescoço",
                                    "mediastino",
                                    "pulmão direito",
                                    "left lung",
                                    "heart",
                                    "coração",
                                    "tireoide",
                                    "loja tireoidiana",
                                    "ESQUELETO",
                                    "thorax",
                                    "abdomen",
                                    "pelvis",
                                    "brain",
                                    "chest",
                                    "neck",
                                    "whole body",
                                    "Head^Brain",
                                    "thigh",
                                    "femur",
                                    "sacro",
                                    "L5",
                                    "T12",
                                    "kidney_L",
                                    "kidney_R",
                                    "Liver_total",
                                    "GTV",
                                    "CTV 60",
                                    "VOI 1",
                                    "ROI fundo",
                                    "background",
                                    "aorta",
                                    "blood pool",
                                    "tumour bed",
                                    "lobo direito",
                                    "lobo hepático esquerdo",
                                    "segmento 6",
                                    "adrenal",
                                    "pâncreas",
                                    "estômago",
                                    "cólon",
                                    "reto",
                                    "útero",
                                    "testículos",
                                    "ovário D",
                                    "cerebelo",
                                    "hipófise",
                                    "osso sacro",
                                    "arcos costais",
                                    "escápula",
                                    "esterno",
                                    "clavícula",
                                    "mandíbula",
                                    "órbitas",
                                    "medula espinhal",
                                    "cauda equina",
                                    "retina",
                                    "cristalino"};
constexpr const char* kViews[] = {"ANT",
                                  "POST",
                                  "anterior",
                                  "posterior",
                                  "OAE",
                                  "OPD",
                                  "LAO 45",
                                  "RPO",
                                  "lateral esquerda",
                                  "LAT D",
                                  "ant/post",
                                  "AP",
                                  "PA",
                                  "perfil",
                                  "supino",
                                  "prone",
                                  "decúbito dorsal",
                                  "braços elevados",
                                  "arms up",
                                  "arms down",
                                  "head first",
                                  "feet first",
                                  "axial",
                                  "coronal",
                                  "sagital",
                                  "transversal",
                                  "oblíqua",
                                  "SA",
                                  "HLA",
                                  "VLA",
                                  "vertex",
                                  "ortostático"};
constexpr const char* kRecon[] = {"OSEM",
                                  "OSEM 4i8s",
                                  "OSEM3D 3i21s",
                                  "TrueX+TOF",
                                  "VPFX",
                                  "VPFX-S",
                                  "Q.Clear",
                                  "FBP",
                                  "Butterworth 0.5 ordem 10",
                                  "Gauss 5mm",
                                  "filtro Hanning",
                                  "AC",
                                  "NAC",
                                  "não corrigido",
                                  "corrigido",
                                  "atenuação corrigida",
                                  "ACSC",
                                  "RR",
                                  "SC",
                                  "Evolution for Bone",
                                  "Astonish",
                                  "Flash3D",
                                  "xSPECT Bone",
                                  "xSPECT Quant",
                                  "Volumetrix",
                                  "B30f",
                                  "B31s medium smooth",
                                  "Br38",
                                  "H40s",
                                  "I31f 3",
                                  "Qr40",
                                  "FC08",
                                  "iDose (4)",
                                  "SAFIRE 3",
                                  "ASiR 40%",
                                  "5.0 B30f",
                                  "3.0 mm",
                                  "1,25mm",
                                  "CT 5.0 mm STD",
                                  "lung",
                                  "BONE PLUS",
                                  "partes moles",
                                  "janela óssea",
                                  "janela de pulmão",
                                  "soft tissue",
                                  "WB_CTAC",
                                  "MAC",
                                  "NM_AC",
                                  "Matrix 128x128",
                                  "256 x 256",
                                  "matriz 512",
                                  "zoom 1.5",
                                  "60 projeções",
                                  "step and shoot",
                                  "modo contínuo",
                                  "2 min/bed",
                                  "3 min por leito",
                                  "8 beds",
                                  "bed 2",
                                  "20 s/proj",
                                  "64 frames",
                                  "16 gates",
                                  "frame 12",
                                  "Gated 8 bins",
                                  "list mode",
                                  "EM",
                                  "TX",
                                  "espalhamento",
                                  "TEW",
                                  "fotopico 208 keV",
                                  "113 keV",
                                  "140keV 15%",
                                  "364 keV",
                                  "LEHR",
                                  "MEGP",
                                  "HEGP",
                                  "pinhole",
                                  "LEAP",
                                  "coll MELP",
                                  "120kV 40mAs",
                                  "130 kV",
                                  "CARE Dose4D",
                                  "raw data",
                                  "dados brutos",
                                  "recon 2",
                                  "rec 1",
                                  "reformat",
                                  "fused",
                                  "MUMAP",
                                  "umap",
                                  "SUV",
                                  "SUVbw",
                                  "Bq/ml",
                                  "cps",
                                  "kcts",
                                  "calibração",
                                  "sensibilidade",
                                  "fantoma NEMA",
                                  "phantom cylinder",
                                  "QC uniformidade",
                                  "flood Co-57",
                                  "controle de qualidade",
                                  "transmissão",
                                  "decay corrected",
                                  "randoms",
                                  "dead time",
                                  "normalização",
                                  "iterative",
                                  "suavizado",
                                  "subtração",
                                  "soma",
                                  "summed",
                                  "e1",
                                  "7,4 GBq",
                                  "200 MBq",
                                  "5550MBq",
                                  "10 mCi",
                                  "185 MBq",
                                  "7400 MBq",
                                  "30 mCi",
                                  "70 kg",
                                  "1.5T",
                                  "T1",
                                  "T2 FLAIR",
                                  "DWI b800",
                                  "STIR cor",
                                  "3D",
                                  "4D",
                                  "dinâmico 1 s/frame",
                                  "1 min/frame",
                                  "60x1s",
                                  "30 fr x 60 s",
                                  "PSF+TOF 4i5s",
                                  "3D IR",
                                  "Segmentação",
                                  "máscara",
                                  "VOI atlas",
                                  "contornos",
                                  "structure set",
                                  "RTSTRUCT",
                                  "RTDOSE",
                                  "mapa de dose",
                                  "dose map Gy",
                                  "voxel 4.42 mm"};
constexpr const char* kJoints[] = {" ", " ", " ", " ", " - ", "_", ", ", " / ", "; ", " | ", "  "};

std::string capitals(std::string_view utf8) {
  std::string out(utf8);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] >= 'a' && out[i] <= 'z') out[i] = static_cast<char>(out[i] - 32);
    if (i > 0 && out[i - 1] == '\xC3' && static_cast<unsigned char>(out[i]) >= 0xA0)
      out[i] = static_cast<char>(static_cast<unsigned char>(out[i]) - 0x20);
  }
  return out;
}

/// Small letters of the alphabet of Portuguese, without their accents.
std::string plain(std::string_view utf8) {
  // C3 80 to C3 BF without C3.
  constexpr std::string_view kLetters =
      "aaaaaaaceeeeiiiidnooooo.ouuuuy.saaaaaaaceeeeiiiidnooooo.ouuuuy.y";
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const char c = utf8[i];
    if (c == '\xC3' && i + 1 < utf8.size())
      out += kLetters[static_cast<unsigned char>(utf8[++i]) - 0x80U];
    else if (c == '\xC2' && i + 1 < utf8.size())
      out += utf8[++i] == '\xAA' ? 'a' : utf8[i] == '\xBA' ? 'o' : ' ';
    else
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

std::string latin1_byte_as_utf8(unsigned char byte) {
  if (byte < 0x80) return {static_cast<char>(byte)};
  return {static_cast<char>(0xC0U | (byte >> 6U)), static_cast<char>(0x80U | (byte & 0x3FU))};
}

}  // namespace

std::vector<std::string> plain_words(std::string_view utf8) {
  std::vector<std::string> out;
  bool inside = false;
  for (const char c : plain(utf8)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c < 0;
    if (letter && !inside) out.emplace_back();
    if (letter) out.back() += c;
    inside = letter;
  }
  return out;
}

std::string to_latin1(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80 || i + 1 == utf8.size())
      out += utf8[i];
    else
      out += static_cast<char>(((byte & 0x03U) << 6U) |
                               (static_cast<unsigned char>(utf8[++i]) & 0x3FU));
  }
  return out;
}

std::string from_latin1(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += latin1_byte_as_utf8(static_cast<unsigned char>(c));
  return out;
}

std::vector<Technique> write_technique(Dice& dice) {
  std::vector<Technique> out;
  const auto add = [&](const char* kind, const auto& list, std::size_t chance) {
    if (dice.one_in(chance)) out.push_back({kind, dice.of(list)});
  };
  add("study", kStudies, 1);
  add("tracer", kTracers, 2);
  add("time", kTimes, 2);
  add("cycle", kCycles, 4);
  add("region", kRegions, 3);
  add("view", kViews, 4);
  add("reconstruction", kRecon, 2);
  if (dice.one_in(3))
    for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[dice.below(i)]);
  const std::size_t style = dice.below(5);
  for (Technique& piece : out) {
    if (style == 0) piece.text = capitals(piece.text);
    if (style == 1) piece.text = plain(piece.text);
  }
  return out;
}

CorpusCase make_case(Dice& dice) {
  CorpusCase out;
  const MadeUpPerson patient = make_person(dice), physician = make_person(dice),
                     operates = make_person(dice), stranger = make_person(dice);
  out.patient_names = {patient.pn()};
  out.other_names = {physician.pn(), operates.pn()};
  const std::string cpf = make_cpf(dice), prefix = dice.one_in(4) ? "HC" : "";
  const std::string id = dice.one_in(4) ? cpf : prefix + dice.digits(3 + dice.below(6));
  const std::string accession = dice.digits(7);
  const int year = 1930 + static_cast<int>(dice.below(90)),
            month = 1 + static_cast<int>(dice.below(12)),
            day = 1 + static_cast<int>(dice.below(28));
  const auto two = [](int n) {
    return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
  };
  out.ids = {id, accession};
  out.dates = {std::to_string(year) + two(month) + two(day)};
  out.technique = write_technique(dice);

  for (std::size_t left = dice.below(4); left > 0; --left) {
    std::string style;
    switch (dice.below(8)) {
      case 0:
      case 1:
      case 2: {
        std::string name = write_name(patient, dice, style);
        if (dice.one_in(6)) name = (dice.one_in(2) ? "Sra. " : "pac. ") + name;
        out.planted.push_back({"name, " + style, name, true});
        break;
      }
      case 3: {
        std::string name = write_name(dice.one_in(2) ? physician : operates, dice, style);
        if (dice.one_in(2)) name = (dice.one_in(2) ? "Dr. " : "Dra ") + name;
        out.planted.push_back({"physician or operator, " + style, name, true});
        break;
      }
      case 4:
        out.planted.push_back({"identifier", dice.one_in(3) ? "ID " + id : id, true});
        break;
      case 5:
        if (dice.one_in(2))
          out.planted.push_back({"accession number", accession, true});
        else
          out.planted.push_back({"birth date", write_date(dice, year, month, day), true});
        break;
      case 6: {
        if (dice.one_in(3)) {
          std::string name = write_name(stranger, dice, style);
          out.planted.push_back(
              {"name of somebody else", dice.one_in(2) ? "Dr. " + name : name, false});
          break;
        }
        [[fallthrough]];
      }
      default: {
        std::string text = write_identifier(dice, style);
        out.planted.push_back({style, text, false});
      }
    }
  }

  std::vector<std::string> pieces;
  for (const Technique& piece : out.technique) pieces.push_back(piece.text);
  for (const Planted& item : out.planted) {
    const auto at = static_cast<std::ptrdiff_t>(dice.below(pieces.size() + 1));
    pieces.insert(pieces.begin() + at, item.text);
  }
  for (const std::string& piece : pieces) {
    if (!out.utf8.empty()) out.utf8 += dice.of(kJoints);
    out.utf8 += piece;
  }
  switch (dice.below(8)) {
    case 0:
    case 1:
    case 2:
      out.specific = "ISO_IR 100";
      out.bytes = to_latin1(out.utf8);
      break;
    case 3:
    case 4:
      out.specific = "";
      out.bytes = to_latin1(out.utf8);
      break;
    case 5:
      out.specific = "ISO_IR 100";
      out.bytes = out.utf8;
      break;  // declared wrongly
    default:
      out.specific = "ISO_IR 192";
      out.bytes = out.utf8;
  }
  return out;
}

}  // namespace dosigate::testing
