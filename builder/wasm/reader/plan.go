package reader

// Plan is how a module or component is brought to life. It comes from wasmtime-environ,
// so that what is started is what the runtime would start.
type Plan struct {
	Steps     []Step         `json:"steps"`
	Host      []HostFunction `json:"host"`      // by number; instances import them from the key HostKey
	Imports   []Item         `json:"imports"`   // a component's, with types
	Exports   []Item         `json:"exports"`   // a component's root, with types
	Functions []Lifted       `json:"functions"` // functions of the root that can be called
	Instances int            `json:"instances"` // core instances of its own modules
	Traps     []string       `json:"traps"`     // what the codes mean with which an adapter traps
}

// HostKey is the key under which instances look for functions of the host; the name is
// the function's number. IntrinsicKey is that of the engine's own functions.
const (
	HostKey      = "host"
	IntrinsicKey = "intrinsic"
)

// Step is one thing to do; Op says which fields count.
type Step struct {
	Op     string  `json:"op"`     // instantiate, or what Item is remembered as: memory, realloc, post, callback, destructor
	Index  uint32  `json:"index"`  // under which Item is remembered
	Key    string  `json:"key"`    // of the instance that is made
	Start  int     `json:"start"`  // of Code in the answer
	End    int     `json:"end"`    //
	Code   []byte  `json:"-"`      // the core module, prepared: its imports name keys and exports of instances
	Module *uint32 `json:"module"` // its number in the file; nil: the reader made it
	Item   *Place  `json:"item"`
}

// Place is an export of an instance.
type Place struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// HostFunction is a function that whoever carries the plan out has to provide.
type HostFunction struct {
	Op       string   `json:"op"` // lower: of the component's host; stub: a core module's import; else an intrinsic's name
	Name     string   `json:"name"`
	Params   []string `json:"params"` // core types
	Results  []string `json:"results"`
	Module   string   `json:"module"`   // interface or module that it is imported from; empty for a root function
	Function string   `json:"function"` // its name there; for transcode the encodings
	Options  *Options `json:"options"`
	Area     *uint32  `json:"area"`     // bytes that the result is written to, at the address in the last parameter
	Spilled  bool     `json:"spilled"`  // the parameters lie in memory, at the address in the first one
	Resource *uint32  `json:"resource"` // number of the resource that the component itself defines
	From     uint32   `json:"from"`     // of transcode: the memories
	To       uint32   `json:"to"`
	Own      []uint32 `json:"own"` // of the transfer of a lent resource: tables of the component that defines it
}

// Options are a function's canonical options; numbers are those of steps' Index.
type Options struct {
	Encoding string  `json:"encoding"` // utf8, utf16 or latin1+utf16
	Async    bool    `json:"is_async"`
	Memory   *uint32 `json:"memory"`
	Realloc  *uint32 `json:"realloc"`
	Post     *uint32 `json:"post"`
	Callback *uint32 `json:"callback"`
}

// Item is an import or an export with its type.
type Item struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`  // func, instance, resource, type, core module, component
	Type  string `json:"type"`  // canonical text, of a func or type
	Items []Item `json:"items"` // of an instance
}

// Lifted is a function of a component's root.
type Lifted struct {
	Name    string  `json:"name"`
	Place   Place   `json:"place"`
	Options Options `json:"options"`
	Type    string  `json:"type"`
}
