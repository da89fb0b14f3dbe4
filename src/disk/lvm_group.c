/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * One volume group out of its text (LVM2 2.03, lib/format_text/export.c, flags.c): whether it is in
 * a state in which its volumes lie where the text says, and which volumes there are. A group that
 * is exported, shared, clustered, moving, or not wholly on this disk is refused with all that is in
 * it, and so is one with a flag that is not known here.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk/lvm_group.h"

#define SECTOR 512

static int corrupt(struct lvm_group *g, const char *what)
{
	char text[64];

	snprintf(text, sizeof(text), "LVM metadata (%s)", what);
	return error_set(&g->verdict, WHY_CORRUPT, 0, text);
}

static bool is_in(const char *word, const char *const *list)
{
	while (*list && strcmp(word, *list) != 0)
		list++;
	return *list != NULL;
}

/* The first word of the list of that name which is not among those known; NULL when all are. */
static const char *strange_word(const struct lvm_node *section, const char *name,
				const char *const *known)
{
	const struct lvm_node *list = lvm_find(section, name, LVM_LIST);

	for (const struct lvm_node *c = list ? list->child : NULL; c; c = c->next) {
		if (c->kind != LVM_STRING || !is_in(c->text, known))
			return c->kind == LVM_STRING ? c->text : "?";
	}
	return NULL;
}

static bool has_word(const struct lvm_node *section, const char *word)
{
	return lvm_lists(section, "status", word) || lvm_lists(section, "flags", word);
}

/* States. */

static const char *const group_words[] = { "RESIZEABLE", "READ", "WRITE", NULL };
static const char *const member_words[] = { "ALLOCATABLE", NULL };
static const char *const no_words[] = { NULL };

static int refuse_strange(struct lvm_group *g, const struct lvm_node *section,
			  const char *const *known)
{
	const char *word = strange_word(section, "status", known);

	if (!word)
		word = strange_word(section, "flags", no_words);
	return word ? error_set(&g->verdict, WHY_FEATURE, 0, word) : 0;
}

static void check_state(struct lvm_group *g)
{
	static const struct {
		const char *word;
		const char *state;
	} states[] = {
		{ "EXPORTED", "exported" },
		{ "PVMOVE", "pvmove" },
		{ "CLUSTERED", "clustered" },
		{ "SHARED", "shared" },
		{ "PARTIAL", "partial" },
	};
	const char *lock = lvm_string(g->section, "lock_type");
	const char *format = lvm_string(g->section, "format");

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (has_word(g->section, states[i].word))
			error_set(&g->verdict, WHY_VG_STATE, 0, states[i].state);
	}
	if (lock && strcmp(lock, "none") != 0)
		error_set(&g->verdict, WHY_VG_STATE, 0, "shared");
	if (format && strcmp(format, "lvm2") != 0)
		error_set(&g->verdict, WHY_FEATURE, 0, format);
	if (!lvm_lists(g->section, "status", "READ"))
		corrupt(g, "status");
	g->read_only = !lvm_lists(g->section, "status", "WRITE");
	refuse_strange(g, g->section, group_words);
}

/* Physical volumes. */

/* "Qkx7Gm-Zh2s-..." as labels have it, without the hyphens. */
static void plain_id(const char *text, char id[LVM_ID_LEN + 1])
{
	size_t n = 0;

	for (; *text && n < LVM_ID_LEN; text++) {
		if (*text != '-')
			id[n++] = *text;
	}
	id[n] = '\0';
}

static struct lvm_pv *find_pv(const struct lvm *lvm, const char *text)
{
	char id[LVM_ID_LEN + 1];

	plain_id(text, id);
	for (size_t i = 0; i < lvm->n_pvs; i++) {
		if (strcmp(lvm->pvs[i].label.id, id) == 0 && id[0])
			return &lvm->pvs[i];
	}
	return NULL;
}

static void join_member(struct lvm *lvm, struct lvm_group *g, const struct lvm_node *node)
{
	const char *id = lvm_string(node, "id");
	struct lvm_pv *pv = id ? find_pv(lvm, id) : NULL;

	if (!id) {
		corrupt(g, "physical volume");
	} else if (!pv) {
		error_set(&g->verdict, WHY_VG_MISSING, 0, id);
	} else if (has_word(node, "MISSING")) {
		error_set(&g->verdict, WHY_VG_STATE, 0, "missing");
	} else if (has_word(node, "EXPORTED")) {
		error_set(&g->verdict, WHY_VG_STATE, 0, "exported");
	} else {
		refuse_strange(g, node, member_words);
	}
	if (!pv)
		return;
	if (pv->group) {
		corrupt(pv->group, "physical volume");
		corrupt(g, "physical volume");
	} else {
		g->pvs[g->n_pvs++] = pv->window;
		pv->group = g;
	}
	if (pv->verdict.why != WHY_NONE && g->verdict.why == WHY_NONE)
		g->verdict = pv->verdict;
}

int lvm_group_join(struct lvm *lvm, struct lvm_group *g)
{
	const struct lvm_node *list = lvm_find(g->section, "physical_volumes", LVM_SECTION);

	g->pvs = calloc(lvm->n_pvs + 1, sizeof(*g->pvs));
	if (!g->pvs)
		return -ENOMEM;
	check_state(g);
	if (!list || !list->child)
		corrupt(g, "physical volumes");
	for (const struct lvm_node *c = list ? list->child : NULL; c; c = c->next) {
		if (c->kind == LVM_SECTION)
			join_member(lvm, g, c);
		else
			corrupt(g, "physical volume");
	}
	return 0;
}

/* The extents of a member lie in its window, where its label says, and none of its metadata areas
   does. */
static bool fits(const struct lvm_reading *r, const struct lvm_member *m, uint64_t start)
{
	const struct lvm_label *label = &m->pv->label;
	uint64_t len = m->pv->window.len;

	if (start != label->data_start || start > len || m->count > (len - start) / r->extent)
		return false;
	for (size_t i = 0; i < label->n_areas; i++) {
		if (extent_overlaps(label->areas[i],
				    (struct extent){ start, m->count * r->extent }))
			return false;
	}
	return true;
}

static void read_member(struct lvm_reading *r, const struct lvm_node *node)
{
	struct lvm_member *m = &r->members[r->n_members++];
	const char *id = lvm_string(node, "id");
	uint64_t start;

	m->name = node->name;
	m->pv = id ? find_pv(r->lvm, id) : NULL;
	if (!lvm_number(node, "pe_start", UINT32_MAX, &start) ||
	    !lvm_number(node, "pe_count", UINT32_MAX, &m->count)) {
		corrupt(r->group, "physical volume");
	} else if (m->pv && !fits(r, m, start * SECTOR)) {
		corrupt(r->group, "physical volume");
	} else if (m->pv) {
		m->start = m->pv->window.start + start * SECTOR;
	}
}

/* Names. */

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct lvm_member *)a)->name, ((const struct lvm_member *)b)->name);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct lvm_entry *)a)->node->name,
		      ((const struct lvm_entry *)b)->node->name);
}

struct lvm_member *lvm_member_find(const struct lvm_reading *r, const char *name)
{
	const struct lvm_member key = { .name = name };

	return bsearch(&key, r->members, r->n_members, sizeof(key), compare_members);
}

struct lvm_entry *lvm_entry_find(const struct lvm_reading *r, const char *name)
{
	const struct lvm_node node = { .name = name };
	const struct lvm_entry key = { .node = &node };

	return bsearch(&key, r->entries, r->n_entries, sizeof(key), compare_entries);
}

static size_t count_sections(const struct lvm_node *list)
{
	size_t n = 0;

	for (const struct lvm_node *c = list ? list->child : NULL; c; c = c->next)
		n += c->kind == LVM_SECTION;
	return n;
}

static int read_names(struct lvm_reading *r)
{
	const struct lvm_node *pvs = lvm_find(r->group->section, "physical_volumes", LVM_SECTION);
	const struct lvm_node *lvs = lvm_find(r->group->section, "logical_volumes", LVM_SECTION);

	r->members = calloc(count_sections(pvs) + 1, sizeof(*r->members));
	r->entries = calloc(count_sections(lvs) + 1, sizeof(*r->entries));
	if (!r->members || !r->entries)
		return -ENOMEM;
	for (const struct lvm_node *c = pvs ? pvs->child : NULL; c; c = c->next) {
		if (c->kind == LVM_SECTION)
			read_member(r, c);
	}
	for (const struct lvm_node *c = lvs ? lvs->child : NULL; c; c = c->next) {
		if (c->kind == LVM_SECTION)
			r->entries[r->n_entries++].node = c;
	}
	qsort(r->members, r->n_members, sizeof(*r->members), compare_members);
	qsort(r->entries, r->n_entries, sizeof(*r->entries), compare_entries);
	return 0;
}

/* Logical volumes. */

static const char *const volume_words[] = { "READ", "WRITE", "VISIBLE", "FIXED_MINOR", NULL };
static const char *const volume_flags[] = { "ACTIVATION_SKIP", "WRITE_LOCKED", NULL };

/* Why what the text says of this volume is not all that is to know. */
static void judge(const struct lvm_entry *e, struct lvm_volume *v)
{
	const char *word = strange_word(e->node, "status", volume_words);

	if (e->used_by && strcmp(e->used_by, "snapshot") == 0)
		error_set(&v->verdict, WHY_LV_SNAPSHOT, 0, NULL);
	else if (e->used_by)
		error_set(&v->verdict, WHY_LV_TYPE, 0, e->used_by);
	if (!word)
		word = strange_word(e->node, "flags", volume_flags);
	if (word)
		error_set(&v->verdict, WHY_FEATURE, 0, word);
	v->read_only = v->group->read_only || !lvm_lists(e->node, "status", "WRITE");
}

/* The first physical volume here of the group: rows without a place of their own belong there. */
static size_t first_pv(const struct lvm_reading *r)
{
	size_t i = 0;

	while (i + 1 < r->lvm->n_pvs && r->lvm->pvs[i].group != r->group)
		i++;
	return i;
}

static struct lvm_volume *add_volume(struct lvm_reading *r, const char *name, const char *id)
{
	struct lvm *lvm = r->lvm;
	struct lvm_volume *grown = realloc(lvm->volumes, (lvm->n_volumes + 1) * sizeof(*grown));
	struct lvm_volume *v;

	if (!grown)
		return NULL;
	lvm->volumes = grown;
	v = &lvm->volumes[lvm->n_volumes];
	*v = (struct lvm_volume){ .group = r->group, .id = id, .first = first_pv(r) };
	v->verdict = r->group->verdict;
	if (asprintf(&v->name, "%s/%s", r->group->name, name) < 0)
		return NULL;
	lvm->n_volumes++;
	return v;
}

/* LVM shows the volume that holds a snapshot, though the text does not call it visible. */
static bool is_shown(const struct lvm_entry *e)
{
	return lvm_lists(e->node, "status", "VISIBLE") ||
	       (e->used_by && strcmp(e->used_by, "snapshot") == 0);
}

static int add_entry(struct lvm_reading *r, const struct lvm_node *node)
{
	const struct lvm_entry *e = lvm_entry_find(r, node->name);
	const char *id = lvm_string(node, "id");
	struct lvm_volume *v;
	int rc;

	if (!is_shown(e))
		return 0;
	v = add_volume(r, node->name, id ? id : "");
	if (!v)
		return -ENOMEM;
	judge(e, v);
	rc = lvm_volume_read(r, node, v);
	if (rc == -EINVAL) {
		error_set(&v->verdict, WHY_CORRUPT, 0, "LVM metadata (segments)");
		rc = 0;
	}
	return rc;
}

/* A row for what no volume has, unless something is wrong or not known. */
static int add_rest(struct lvm_reading *r)
{
	struct lvm_volume *v;
	int rc;

	if (r->group->verdict.why != WHY_NONE || r->strange)
		return 0;
	v = add_volume(r, LVM_GAP, r->group->id);
	if (!v)
		return -ENOMEM;
	v->gap = true;
	v->read_only = r->group->read_only;
	rc = lvm_volume_rest(r, v);
	if (rc == 0 && v->n_segments == 0) {
		free(v->name);
		free(v->segments);
		r->lvm->n_volumes--;
	}
	return rc;
}

/* All areas of all volumes, and who names whom. */
static int scan_all(struct lvm_reading *r)
{
	struct lvm_volume rest = { .segments = NULL };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->n_entries; i++) {
		const struct lvm_node *node = r->entries[i].node;

		if (has_word(node, "PVMOVE") || has_word(node, "LOCKED"))
			error_set(&r->group->verdict, WHY_VG_STATE, 0, "pvmove");
		if (node->name[0] == '-')
			corrupt(r->group, "name");
		rc = lvm_volume_scan(r, node);
	}
	if (rc == 0)
		rc = lvm_volume_rest(r, &rest);
	free(rest.segments);
	if (rc == -EINVAL)
		corrupt(r->group, "segments");
	return rc == -EINVAL ? 0 : rc;
}

static int read_all(struct lvm_reading *r)
{
	const struct lvm_node *lvs;
	uint64_t sectors;
	int rc;

	if (!lvm_number(r->group->section, "extent_size", UINT32_MAX, &sectors) || sectors == 0) {
		corrupt(r->group, "extent size");
		sectors = 1;
	}
	r->extent = sectors * SECTOR;
	rc = read_names(r);
	if (rc == 0)
		rc = scan_all(r);
	lvs = lvm_find(r->group->section, "logical_volumes", LVM_SECTION);
	for (const struct lvm_node *c = lvs ? lvs->child : NULL; rc == 0 && c; c = c->next) {
		if (c->kind == LVM_SECTION)
			rc = add_entry(r, c);
	}
	return rc < 0 ? rc : add_rest(r);
}

int lvm_group_read(struct lvm *lvm, struct lvm_group *g)
{
	struct lvm_reading r = { .lvm = lvm, .group = g };
	int rc = read_all(&r);

	free(r.members);
	free(r.entries);
	free(r.areas);
	return rc;
}
