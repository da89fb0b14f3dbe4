/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The volume groups of a disk: which physical volumes there are, which texts they hold, and which
 * of these is the truth. As LVM does it: of one group the text with the highest number, out of all
 * copies whose checksums are right; a copy that is damaged does not matter as long as there is
 * another. What LVM settles by guessing is refused: two texts with the same number that differ, two
 * physical volumes with the same UUID, two groups of one name or with the same physical volume.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "disk/lvm.h"
#include "disk/lvm_group.h"

static void read_label(struct io *disk, struct lvm_pv *pv)
{
	lvm_label_read(disk, pv->window, &pv->label, &pv->verdict);
}

/* A clone next to its original: whichever is meant, nobody can say. */
static void refuse_duplicates(struct lvm *lvm)
{
	for (size_t i = 0; i < lvm->n_pvs; i++) {
		for (size_t j = i + 1; j < lvm->n_pvs; j++) {
			struct lvm_pv *a = &lvm->pvs[i];
			struct lvm_pv *b = &lvm->pvs[j];

			if (a->label.id[0] == '\0' || strcmp(a->label.id, b->label.id) != 0)
				continue;
			error_set(&a->verdict, WHY_PV_DUPLICATE, 0, a->label.id);
			error_set(&b->verdict, WHY_PV_DUPLICATE, 0, b->label.id);
		}
	}
}

static void free_group(struct lvm_group *g)
{
	free(g->text);
	free(g->nodes);
	free(g->pvs);
}

/* The only section of the text is the group, under its name. */
static const struct lvm_node *find_section(const struct lvm_node *root)
{
	const struct lvm_node *found = NULL;

	for (const struct lvm_node *c = root->child; c; c = c->next) {
		if (c->kind != LVM_SECTION)
			continue;
		if (found)
			return NULL;
		found = c;
	}
	return found;
}

/* Takes text, and makes *g of it; -EINVAL when it is none of a volume group. */
static int parse_group(char *text, size_t len, struct lvm_group *g)
{
	int r;

	*g = (struct lvm_group){ .text = text, .sum = crc32_ieee(~0u, text, len) };
	error_clear(&g->verdict);
	r = lvm_text_parse(text, len, &g->nodes);
	if (r < 0)
		return r;
	g->section = find_section(g->nodes);
	if (!g->section)
		return -EINVAL;
	g->name = g->section->name;
	g->id = lvm_string(g->section, "id");
	if (!g->id || !lvm_number(g->section, "seqno", UINT32_MAX, &g->seqno))
		return -EINVAL;
	return 0;
}

/* Puts g among the groups, or in the place of an older text of it. */
static int keep_group(struct lvm *lvm, struct lvm_group *g)
{
	struct lvm_group *grown;

	for (size_t i = 0; i < lvm->n_groups; i++) {
		struct lvm_group *old = &lvm->groups[i];

		if (strcmp(old->id, g->id) != 0)
			continue;
		if (old->seqno == g->seqno && old->sum != g->sum)
			error_set(&old->verdict, WHY_CORRUPT, 0, "LVM metadata");
		if (old->seqno >= g->seqno) {
			free_group(g);
		} else {
			free_group(old);
			*old = *g;
		}
		return 0;
	}
	grown = realloc(lvm->groups, (lvm->n_groups + 1) * sizeof(*grown));
	if (!grown) {
		free_group(g);
		return -ENOMEM;
	}
	lvm->groups = grown;
	lvm->groups[lvm->n_groups++] = *g;
	return 0;
}

static int read_area(struct io *disk, struct lvm *lvm, struct lvm_pv *pv, struct extent area)
{
	struct lvm_group g;
	char *text;
	size_t len;
	int r = lvm_area_read(disk, pv->window, area, &text, &len, &pv->damage);

	if (r < 0 || !text)
		return pv->damage.why == WHY_MEMORY ? -ENOMEM : 0;
	r = parse_group(text, len, &g);
	if (r == 0)
		return keep_group(lvm, &g);
	free_group(&g);
	if (r == -ENOMEM)
		return r;
	error_set_at(&pv->damage, WHY_CORRUPT, 0, pv->window.start + area.start, "LVM metadata");
	return 0;
}

static int read_areas(struct io *disk, struct lvm *lvm)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lvm->n_pvs; i++) {
		struct lvm_pv *pv = &lvm->pvs[i];

		/* Also of duplicates, so that what they hold is told of. */
		for (size_t j = 0; r == 0 && j < pv->label.n_areas; j++)
			r = read_area(disk, lvm, pv, pv->label.areas[j]);
	}
	return r;
}

static void refuse_names(struct lvm *lvm)
{
	for (size_t i = 0; i < lvm->n_groups; i++) {
		for (size_t j = i + 1; j < lvm->n_groups; j++) {
			if (strcmp(lvm->groups[i].name, lvm->groups[j].name) != 0)
				continue;
			error_set(&lvm->groups[i].verdict, WHY_VG_STATE, 0, "duplicate name");
			error_set(&lvm->groups[j].verdict, WHY_VG_STATE, 0, "duplicate name");
		}
	}
}

int lvm_read(struct io *disk, const struct extent *windows, size_t n, struct lvm *lvm)
{
	int r;

	*lvm = (struct lvm){ .pvs = calloc(n + 1, sizeof(*lvm->pvs)) };
	if (!lvm->pvs)
		return -ENOMEM;
	for (; lvm->n_pvs < n; lvm->n_pvs++) {
		struct lvm_pv *pv = &lvm->pvs[lvm->n_pvs];

		pv->window = windows[lvm->n_pvs];
		error_clear(&pv->verdict);
		error_clear(&pv->damage);
		read_label(disk, pv);
	}
	refuse_duplicates(lvm);
	r = read_areas(disk, lvm);
	refuse_names(lvm);
	for (size_t i = 0; r == 0 && i < lvm->n_groups; i++)
		r = lvm_group_join(lvm, &lvm->groups[i]);
	for (size_t i = 0; r == 0 && i < lvm->n_groups; i++)
		r = lvm_group_read(lvm, &lvm->groups[i]);
	for (size_t i = 0; i < n; i++) {
		if (!lvm->pvs[i].group && lvm->pvs[i].verdict.why == WHY_NONE)
			lvm->pvs[i].verdict = lvm->pvs[i].damage;
	}
	return r;
}

void lvm_free(struct lvm *lvm)
{
	for (size_t i = 0; i < lvm->n_volumes; i++) {
		free(lvm->volumes[i].name);
		free(lvm->volumes[i].segments);
	}
	for (size_t i = 0; i < lvm->n_groups; i++)
		free_group(&lvm->groups[i]);
	free(lvm->volumes);
	free(lvm->groups);
	free(lvm->pvs);
	*lvm = (struct lvm){ 0 };
}
