/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The text in which LVM2 keeps a volume group (lvm.conf(5), "SYNTAX"; LVM2 2.03,
 * lib/format_text/export.c says what is ever written). Read strictly: what LVM would not have
 * written is refused, because it was damaged or made by something unknown. One pass, in place, into
 * nodes that were counted before; sections nest by recursion of a bounded depth.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk/lvm_text.h"

struct parser {
	char *at;
	char *end;
	struct lvm_node *nodes;
	size_t n;
	size_t room;
	unsigned depth;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Names of volume groups and volumes (lvm(8), "VALID NAMES"), and all keys. */
static bool is_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("_+-.", c));
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end) {
		if (*p->at == '#')
			while (p->at < p->end && *p->at != '\n')
				p->at++;
		else if (*p->at == ' ' || *p->at == '\t' || *p->at == '\n')
			p->at++;
		else
			return;
	}
}

/* Takes c after blanks; false when something else comes. */
static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

/* A new node at *link, and the place for the one after it. */
static struct lvm_node *add_node(struct parser *p, const struct lvm_node ***link)
{
	struct lvm_node *node;

	if (p->n == p->room)
		return NULL;
	node = &p->nodes[p->n++];
	**link = node;
	*link = &node->next;
	return node;
}

static int parse_string(struct parser *p, struct lvm_node *node)
{
	char *to = p->at;

	node->kind = LVM_STRING;
	node->text = to;
	for (; p->at < p->end && *p->at != '"'; p->at++) {
		if (*p->at == '\\' && p->end - p->at > 1)
			p->at++;
		if (*p->at == '\0')
			return -EINVAL;
		*to++ = *p->at;
	}
	if (p->at == p->end)
		return -EINVAL;
	p->at++;
	*to = '\0';
	return 0;
}

static int parse_number(struct parser *p, struct lvm_node *node)
{
	char *start = p->at;
	uint64_t n = 0;

	node->kind = LVM_NUMBER;
	for (; p->at < p->end && (is_digit(*p->at) || *p->at == '-' || *p->at == '.'); p->at++) {
		unsigned digit = (unsigned)(*p->at - '0');

		if (!is_digit(*p->at) || n > (UINT64_MAX - digit) / 10)
			node->kind = LVM_OTHER;
		else
			n = n * 10 + digit;
	}
	node->number = node->kind == LVM_NUMBER ? n : 0;
	return p->at > start ? 0 : -EINVAL;
}

static int parse_value(struct parser *p, struct lvm_node *node)
{
	return take(p, '"') ? parse_string(p, node) : parse_number(p, node);
}

static int parse_list(struct parser *p, struct lvm_node *list)
{
	const struct lvm_node **link = &list->child;
	int r = 0;

	list->kind = LVM_LIST;
	if (take(p, ']'))
		return 0;
	do {
		struct lvm_node *node = add_node(p, &link);

		r = node ? parse_value(p, node) : -E2BIG;
	} while (r == 0 && take(p, ','));
	return r == 0 && !take(p, ']') ? -EINVAL : r;
}

static int parse_members(struct parser *p, struct lvm_node *section);

/*
 * What follows a name, which ends at name_end: that is a blank, '=' or '{', and becomes the NUL of
 * the name once it was looked at.
 */
static int parse_rest(struct parser *p, struct lvm_node *node, char *name_end)
{
	bool is_section = take(p, '{');

	if (!is_section && !take(p, '='))
		return -EINVAL;
	*name_end = '\0';
	if (!is_section)
		return take(p, '[') ? parse_list(p, node) : parse_value(p, node);
	if (p->depth == LVM_TEXT_DEPTH)
		return -E2BIG;
	p->depth++;
	node->kind = LVM_SECTION;
	if (parse_members(p, node) < 0 || !take(p, '}'))
		return -EINVAL;
	p->depth--;
	return 0;
}

/* All up to what is no name: the end, or a brace. */
static int parse_members(struct parser *p, struct lvm_node *section)
{
	const struct lvm_node **link = &section->child;
	int r = 0;

	for (skip_blanks(p); r == 0 && p->at < p->end && is_name(*p->at); skip_blanks(p)) {
		struct lvm_node *node = add_node(p, &link);

		if (!node)
			return -E2BIG;
		node->name = p->at;
		while (p->at < p->end && is_name(*p->at))
			p->at++;
		r = parse_rest(p, node, p->at);
	}
	return r;
}

/* At least as many nodes as the text can make: each name has a mark behind it, each member of a
   list one before it. One more is for the whole, and one for a name whose mark is missing. */
static size_t count_marks(const char *text, size_t len)
{
	size_t n = 2;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '=' || text[i] == '{' || text[i] == ',' || text[i] == '[';
	return n;
}

static int compare_names(const void *a, const void *b)
{
	const struct lvm_node *const *x = a;
	const struct lvm_node *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Whether no two members of a section have the same name; room is for all of them. */
static bool names_differ(const struct lvm_node *section, const struct lvm_node **room)
{
	size_t n = 0;

	for (const struct lvm_node *c = section->child; c; c = c->next)
		room[n++] = c;
	qsort(room, n, sizeof(*room), compare_names);
	for (size_t i = 1; i < n; i++) {
		if (compare_names(&room[i - 1], &room[i]) == 0)
			return false;
	}
	return true;
}

static int check_names(const struct parser *p)
{
	const struct lvm_node **room = calloc(p->n, sizeof(*room));
	int r = room ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		if (p->nodes[i].kind == LVM_SECTION && !names_differ(&p->nodes[i], room))
			r = -EINVAL;
	}
	free(room);
	return r;
}

int lvm_text_parse(char *text, size_t len, struct lvm_node **nodes)
{
	struct parser p = { .at = text, .end = text + len, .room = count_marks(text, len) };
	int r;

	if (p.room > LVM_TEXT_NODES)
		return -E2BIG;
	p.nodes = calloc(p.room, sizeof(*p.nodes));
	if (!p.nodes)
		return -ENOMEM;
	p.nodes[p.n++].kind = LVM_SECTION;
	r = parse_members(&p, p.nodes);
	if (r == 0 && p.at < p.end)
		r = -EINVAL;
	if (r == 0)
		r = check_names(&p);
	if (r == 0)
		*nodes = p.nodes;
	else
		free(p.nodes);
	return r;
}

const struct lvm_node *lvm_find(const struct lvm_node *section, const char *name,
				enum lvm_kind kind)
{
	const struct lvm_node *c = section->child;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	return c && c->kind == kind ? c : NULL;
}

const char *lvm_string(const struct lvm_node *section, const char *name)
{
	const struct lvm_node *node = lvm_find(section, name, LVM_STRING);

	return node ? node->text : NULL;
}

bool lvm_number(const struct lvm_node *section, const char *name, uint64_t max, uint64_t *number)
{
	const struct lvm_node *node = lvm_find(section, name, LVM_NUMBER);

	if (!node || node->number > max)
		return false;
	*number = node->number;
	return true;
}

bool lvm_lists(const struct lvm_node *section, const char *name, const char *text)
{
	const struct lvm_node *list = lvm_find(section, name, LVM_LIST);

	for (const struct lvm_node *c = list ? list->child : NULL; c; c = c->next) {
		if (c->kind == LVM_STRING && strcmp(c->text, text) == 0)
			return true;
	}
	return false;
}
