"""What is compared: the node, the relay and Orthanc, each started afresh between load and sink."""

import json
import subprocess

from machine import Process, answers, free_port, wait_for


class System:
    """Started between a port and a sink. `process` is what is measured."""

    name = called = ""

    def __init__(self, place, sink, environment=None):
        self.place, self.sink, self.port = place, sink, free_port()
        self.environment = environment
        self.directory = place.new_directory(self.name)
        self.process = None

    def __enter__(self):
        try:
            self.start()
            wait_for(f"the start of {self.name}", self.answers)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, failure, *_):
        self.stop()
        if failure is None:
            self.place.remove(self.directory)

    def answers(self):
        return answers(self.port)

    def stop(self):
        if self.process:
            self.process.stop()


class Node(System):
    """dosigated, release build.

    node, destination: further lines of the two sections; state: a directory with a state and a key to begin with, instead of `init`.
    """

    name, called = "dosigate", "DOSIGATE"

    def __init__(self, place, sink, node="", destination="associations = 4\n", environment=None,
                 prefix=(), archive="127.0.0.1", state=None):
        super().__init__(place, sink, environment)
        self.prefix = prefix
        d = self.directory
        (d / "profiles").mkdir()
        self.configuration = d / "dosigate.toml"
        self.configuration.write_text(f"""[node]
listen = ["127.0.0.1:{self.port}"]
state_dir = "{d}/state"
key_file = "{d}/master.key"
admin_socket = "{d}/admin.sock"
profiles_dir = "{d}/profiles"
min_free_gb = 0
{place.node_lines}
{node}
[[destination]]
name = "sink"
kind = "dicom"
ae_title = "SINK"
host = "{archive}"
port = {sink.port}
{destination}
[[route]]
name = "all"
site = "BENCH"
destinations = ["sink"]
""")
        if state:
            # A copy that shares blocks where the file system can.
            subprocess.run(["cp", "-a", "--reflink=auto", f"{state}/.", d], check=True)
        else:
            self.command("init")

    def command(self, *arguments):
        done = subprocess.run([self.place.dosigate, "--config", self.configuration, *arguments],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"dosigate {arguments[0]}: {done.stderr}")
        return done.stdout

    def totals(self):
        return json.loads(self.command("status", "--json"))["totals"]

    def start(self):
        self.process = Process([self.place.dosigated, "--config", self.configuration],
                               self.directory / "node.log", self.environment, self.prefix)


class Relay(System):
    name, called = "relay", "RELAY"

    def start(self):
        self.process = Process([self.place.program("bench_relay"), self.port, self.sink.port,
                                self.directory / "files"], self.directory / "relay.log", self.environment)


# PatientID stays: this call of Orthanc's refuses to replace it. The work per instance is the same.
LUA_INSTANCE = """
function OnStoredInstance(id, tags, metadata, origin)
  if origin['RequestOrigin'] ~= 'Lua' then
    local replace = { PatientName = 'PSEUDONYM', PatientBirthDate = '' }
    local remove = { 'InstitutionName', 'ReferringPhysicianName', 'AccessionNumber', 'OperatorsName',
                     'PatientComments', 'OtherPatientIDsSequence' }
    Delete(SendToModality(ModifyInstance(id, replace, remove, true), 'sink'))
    Delete(id)
  end
end
"""
LUA_STUDY = """
function OnStableStudy(id, tags, metadata)
  if metadata['AnonymizedFrom'] ~= nil then return end
  local made = ParseJson(RestApiPost('/studies/' .. id .. '/anonymize', '{"Replace":{"PatientName":"PSEUDONYM"},"Force":true}'))
  RestApiPost('/modalities/sink/store', made['ID'])
  RestApiDelete('/studies/' .. made['ID'])
  RestApiDelete('/studies/' .. id)
end
"""


class Orthanc(System):
    """The nearest common tool. It neither maps UIDs for ever nor shifts dates nor syncs."""

    name, called, lua = "orthanc", "ORTHANC", LUA_INSTANCE

    def start(self):
        script = self.directory / "forward.lua"
        script.write_text(self.lua)
        configuration = self.directory / "orthanc.json"
        configuration.write_text(json.dumps({
            "Name": "bench", "StorageDirectory": str(self.directory), "IndexDirectory": str(self.directory), "Plugins": [],
            "LuaScripts": [str(script)], "HttpPort": free_port(), "DicomPort": self.port, "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomAlwaysAllowStore": True,
            "UnknownSopClassAccepted": True, "DicomModalities": {"sink": ["SINK", "127.0.0.1", self.sink.port]},
            # What makes it faster.
            "TcpNoDelay": True, "StorageCompression": False, "OverwriteInstances": True, "SaveJobs": False, "ConcurrentJobs": 4,
            "DicomThreadsCount": 4, "StableAge": 1, "SyncStorageArea": False, "MaximumPduLength": 131072,
            "StoreMD5ForAttachments": False, "DicomAssociationCloseDelay": 5}))
        # DCMTK reads these two: without the first Nagle's algorithm costs it 40 ms an instance in each direction.
        self.process = Process(["Orthanc", configuration], self.directory / "orthanc.log",
                               {"TCP_NODELAY": "1", "TCP_BUFFER_LENGTH": "262144"})


class OrthancStudy(Orthanc):
    """The same, a study at a time when it is stable."""

    name, lua = "orthanc-study", LUA_STUDY
