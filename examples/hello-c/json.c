// As much JSON as a tool needs. What is not JSON has no members and no characters; nothing is
// read beyond its end.

#include "capsule.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blank(struct text t, size_t i)
{
	while (i < t.len && blank(t.at[i]))
		i++;
	return i;
}

// skip_string is where the string that begins at i is over; t.len + 1 where it never is.
static size_t skip_string(struct text t, size_t i)
{
	for (i++; i < t.len; i++) {
		if (t.at[i] == '"')
			return i + 1;
		if (t.at[i] == '\\')
			i++;
	}
	return t.len + 1;
}

// skip_value is the same for any value.
static size_t skip_value(struct text t, size_t i)
{
	size_t depth = 0;
	do {
		i = skip_blank(t, i);
		if (i >= t.len)
			return t.len + 1;
		char c = t.at[i];
		if (c == '"') {
			i = skip_string(t, i);
		} else if (c == '{' || c == '[') {
			depth++, i++;
		} else if (c == '}' || c == ']') {
			if (!depth)
				return t.len + 1;
			depth--, i++;
		} else if (depth && (c == ',' || c == ':')) {
			i++;
		} else {
			size_t start = i;
			while (i < t.len && !blank(t.at[i]) && t.at[i] != ',' && t.at[i] != ':' && t.at[i] != '}' && t.at[i] != ']' && t.at[i] != '"')
				i++;
			if (i == start)
				return t.len + 1;
		}
	} while (depth && i <= t.len);
	return i;
}

struct text json_member(struct text object, struct text key)
{
	const struct text none = {NULL, 0};
	struct text quoted = json_quote(key);
	size_t i = skip_blank(object, 0);
	if (!object.at || i >= object.len || object.at[i] != '{')
		return none;
	for (i++;; i++) {
		size_t name = skip_blank(object, i);
		if (name >= object.len || object.at[name] != '"')
			return none;
		size_t end = skip_string(object, name), colon = skip_blank(object, end);
		if (colon >= object.len || object.at[colon] != ':')
			return none;
		size_t value = skip_blank(object, colon + 1), after = skip_value(object, value);
		if (after > object.len)
			return none;
		if (same((struct text){object.at + name, end - name}, quoted))
			return (struct text){object.at + value, after - value};
		i = skip_blank(object, after);
		if (i >= object.len || object.at[i] != ',')
			return none;
	}
}

// hex4 reads the four digits of \u; -1 where there are none.
static long hex4(struct text t, size_t i)
{
	long code = 0;
	if (t.len < 4 || i > t.len - 4)
		return -1;
	for (size_t end = i + 4; i < end; i++) {
		char c = t.at[i];
		if (c >= '0' && c <= '9')
			code = code * 16 + c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			code = code * 16 + (c | 32) - 'a' + 10;
		else
			return -1;
	}
	return code;
}

static size_t put_utf8(char *to, long code)
{
	if (code < 0x80)
		return to[0] = (char)code, 1;
	if (code < 0x800)
		return to[0] = (char)(0xc0 | code >> 6), to[1] = (char)(0x80 | (code & 63)), 2;
	if (code < 0x10000)
		return to[0] = (char)(0xe0 | code >> 12), to[1] = (char)(0x80 | (code >> 6 & 63)), to[2] = (char)(0x80 | (code & 63)), 3;
	to[0] = (char)(0xf0 | code >> 18), to[1] = (char)(0x80 | (code >> 12 & 63));
	return to[2] = (char)(0x80 | (code >> 6 & 63)), to[3] = (char)(0x80 | (code & 63)), 4;
}

// escaped reads what follows a backslash at i, and moves i to its last character; -1 where it
// is no escape.
static long escaped(struct text t, size_t *i)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char c = t.at[*i];
	for (size_t n = 0; n < sizeof names - 1; n++)
		if (c == names[n])
			return meant[n];
	long code = c == 'u' ? hex4(t, *i + 1) : -1;
	if (code < 0)
		return -1;
	*i += 4;
	if (code < 0xd800 || code > 0xdfff)
		return code;
	// Two halves of one character: alone, neither is one.
	long low = *i + 2 < t.len && t.at[*i + 1] == '\\' && t.at[*i + 2] == 'u' ? hex4(t, *i + 3) : -1;
	if (code > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*i += 6;
	return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

struct text json_read(struct text value)
{
	const struct text none = {NULL, 0};
	if (!value.at || value.len < 2 || value.at[0] != '"' || skip_string(value, 0) != value.len)
		return none;
	struct text inner = {value.at + 1, value.len - 2};
	char *out = scratch(inner.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < inner.len; i++) {
		if (inner.at[i] != '\\') {
			out[len++] = inner.at[i];
			continue;
		}
		i++;
		long code = escaped(inner, &i);
		if (code < 0)
			return none;
		len += put_utf8(out + len, code);
	}
	return (struct text){out, len};
}

struct text json_quote(struct text text)
{
	static const char digits[] = "0123456789abcdef";
	char *out = scratch(6 * text.len + 2);
	size_t len = 0;
	out[len++] = '"';
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c == '"' || c == '\\') {
			out[len++] = '\\', out[len++] = (char)c;
		} else if (c < 0x20) {
			const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
			for (size_t j = 0; j < sizeof escape; j++)
				out[len++] = escape[j];
		} else {
			out[len++] = (char)c;
		}
	}
	out[len++] = '"';
	return (struct text){out, len};
}
