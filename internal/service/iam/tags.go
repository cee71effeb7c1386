package iam

import (
	"maps"
	"slices"
	"unicode/utf8"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
)

type tag = api.Tag

// maxTags is how many tags an entity may have [docs].
const maxTags = 50

// tagMap reads tags of a request. Two keys that differ by the case of their letters are one key.
func tagMap(list []tag) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out, seen := map[string]string{}, map[string]bool{}
	for _, t := range list {
		if seen[identity.Fold(t.Key)] {
			return nil, invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[identity.Fold(t.Key)] = true
		out[t.Key] = t.Value
	}
	return out, checkTags(out)
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return limitExceeded("The number of tags has reached the maximum limit.")
	}
	for k, v := range tags {
		if k == "" || utf8.RuneCountInString(k) > 128 || utf8.RuneCountInString(v) > 256 {
			return invalid("A tag has a key of 1-128 and a value of at most 256 characters.")
		}
	}
	return nil
}

// retag sets tags and takes others off. A key of other case replaces the one that is there.
func retag(tags *map[string]string, set map[string]string, gone []string) error {
	if *tags == nil {
		*tags = map[string]string{}
	}
	drop := func(key string) {
		maps.DeleteFunc(*tags, func(k, _ string) bool { return identity.Fold(k) == identity.Fold(key) })
	}
	for _, k := range gone {
		drop(k)
	}
	for k, v := range set {
		drop(k)
		(*tags)[k] = v
	}
	return checkTags(*tags)
}

// showTags lists tags by key; nil when there are none.
func showTags(tags map[string]string) []tag {
	var out []tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{Key: k, Value: tags[k]})
	}
	return out
}

func pageTags(s *Service, p paging, tags map[string]string) ([]tag, *bool, *string, error) {
	key := func(t *tag) string { return t.Key }
	return page(s, p, after(showTags(tags), key), key, every[tag], func(t *tag) tag { return *t })
}
