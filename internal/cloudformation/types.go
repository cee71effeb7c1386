package cloudformation

// modelled is the table of types, one list per family.
func modelled() map[string]*resourceType {
	types := map[string]*resourceType{}
	for _, family := range [][]resourceType{} {
		for i := range family {
			types[family[i].name] = &family[i]
		}
	}
	return types
}
