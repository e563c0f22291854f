package smoke

// Declared are the facts of a manifest that the kernel-ready verdict and Compare need.
// All lists are in the manifest's order.
type Declared struct {
	Name         string   `json:"name,omitempty"`
	Requires     string   `json:"requires,omitempty"`     // astrid-version, a requirement of Cargo's kind
	Capabilities []string `json:"capabilities,omitempty"` // names that are set: "net", "fs_read", "uplink", ...
	Handlers     []string `json:"handlers,omitempty"`     // handler names in [subscribe]
	Publish      []string `json:"publish,omitempty"`      // topic patterns
	Subscribe    []string `json:"subscribe,omitempty"`
	Tools        []string `json:"tools,omitempty"`
	Uplink       bool     `json:"uplink,omitempty"` // the capsule is an uplink
}
