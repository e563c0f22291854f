package host

import "encoding/json"

// Options make a world. They pass between processes as JSON. The zero value is a world in which
// nothing is declared, and so nothing is allowed.
type Options struct {
	Capsule      string            `json:"capsule"`
	Capabilities Capabilities      `json:"capabilities"`
	Publish      []string          `json:"publish,omitempty"` // patterns of topics
	Subscribe    []Subscription    `json:"subscribe,omitempty"`
	Config       map[string]string `json:"config,omitempty"`  // values of [env]
	Secrets      []string          `json:"secrets,omitempty"` // those of Config that are never shown
	Caller       Caller            `json:"caller"`
	Seed         uint64            `json:"seed,omitempty"`  // of random bytes
	Clock        int64             `json:"clock,omitempty"` // milliseconds since 1970 at the start; 0: StartClock
	State        map[string][]byte `json:"state,omitempty"` // keys and values at the start
	Trace        bool              `json:"trace,omitempty"` // record each host call

	Cwd          string              `json:"cwd,omitempty"`           // folder of the machine below cwd://; it is only read. "": none
	Files        map[string][]byte   `json:"files,omitempty"`         // there at the start: "a/b", "cwd://a/b", "home://c", "/tmp/d"
	AllowNet     []string            `json:"allow_net,omitempty"`     // hosts, and HOST:PORT for those of this machine and its network
	HTTP         []Exchange          `json:"http,omitempty"`          // answers of the web, in place of the network
	TCP          []Conversation      `json:"tcp,omitempty"`           // connections, in place of the network
	Hosts        map[string][]string `json:"hosts,omitempty"`         // addresses of names in small letters, in place of the network; none: there is no such name
	RecordNet    bool                `json:"record_net,omitempty"`    // keep what the network answers
	AllowProcess bool                `json:"allow_process,omitempty"` // let it run programs, which may do everything
	Path         string              `json:"path,omitempty"`          // PATH of those programs
	Approve      string              `json:"approve,omitempty"`       // what is decided when it asks for approval: one of Decisions; "": nobody is there
	Answers      map[string]string   `json:"answers,omitempty"`       // what is answered when it asks, by key
}

// StartClock is where the clock of a world begins that was not told: the first of January
// 2026, in milliseconds since 1970.
const StartClock = 1_767_225_600_000

// Capabilities are what the manifest declares; nil lists are not declared.
type Capabilities struct {
	Uplink               bool     `json:"uplink,omitempty"`
	AllowPersistent      bool     `json:"allow_persistent,omitempty"`
	AllowPromptInjection bool     `json:"allow_prompt_injection,omitempty"`
	Net                  []string `json:"net,omitempty"`
	KV                   []string `json:"kv,omitempty"`
	FSRead               []string `json:"fs_read,omitempty"`
	FSWrite              []string `json:"fs_write,omitempty"`
	HostProcess          []string `json:"host_process,omitempty"`
	NetBind              []string `json:"net_bind,omitempty"`
	NetConnect           []string `json:"net_connect,omitempty"`
	Identity             []string `json:"identity,omitempty"`
}

// Subscription is an entry of [subscribe].
type Subscription struct {
	Pattern  string `json:"pattern"`
	Handler  string `json:"handler,omitempty"`
	Priority int    `json:"priority"` // lower is called first
}

// Caller is in whose name a capsule is called.
type Caller struct {
	Principal string `json:"principal,omitempty"` // "": default
	Source    string `json:"source,omitempty"`    // the identity of who called, a UUID; "": all zeros
}

// DefaultPrincipal is the one that a fresh runtime has.
const DefaultPrincipal = "default"

// Message is what goes over the bus.
type Message struct {
	Topic     string          `json:"topic"`
	Payload   json.RawMessage `json:"payload"`
	Source    string          `json:"source,omitempty"`
	Principal string          `json:"principal,omitempty"` // "": the system
}
