/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Where a logical volume lies: its segments, of the kinds whose bytes lie on physical volumes as
 * they are (LVM2 2.03, lib/striped/striped.c; what is "linear" to users is "striped" over one).
 * Which extents of a physical volume are in use is told by the segments of all volumes, visible or
 * not, of whatever type: each list in which a physical volume is named.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk/lvm_group.h"

#define SECTOR 512
#define STRIPES_MAX 128 /* LVM2, lib/metadata/metadata-exported.h, MAX_STRIPES */

/* Types of segments that have no extents but those in their lists and their parts' (lvs(8), man
   pages lvmraid, lvmthin, lvmcache, lvmvdo). */
static const char *const types[] = {
	"striped", "linear", "mirror", "snapshot", "thin", "thin-pool", "cache", "cache-pool",
	"writecache", "integrity", "vdo", "vdo-pool", "error", "zero", "raid0", "raid0_meta",
	"raid1", "raid4", "raid5", "raid5_ls", "raid5_rs", "raid5_la", "raid5_ra", "raid5_n",
	"raid6", "raid6_zr", "raid6_nr", "raid6_nc", "raid6_ls_6", "raid6_rs_6", "raid6_la_6",
	"raid6_ra_6", "raid6_n_6", "raid10", "raid10_near", NULL,
};

/* Flags behind a type ("cache+CACHE_USES_CACHEVOL"), which say nothing of extents (LVM2,
   lib/format_text/flags.c). */
static const char *const flags[] = {
	"CACHE_USES_CACHEVOL", "CROP_METADATA", "METADATA_FORMAT", NULL,
};

static bool is_in(const char *const *list, const char *word, size_t len)
{
	while (*list && (strncmp(*list, word, len) != 0 || (*list)[len] != '\0'))
		list++;
	return *list != NULL;
}

static bool is_known(const char *type)
{
	size_t len = strcspn(type, "+");
	bool known = is_in(types, type, len);

	for (type += len; known && *type; type += len) {
		len = strcspn(++type, "+");
		known = is_in(flags, type, len);
	}
	return known;
}

static bool is_plain(const char *type)
{
	return strcmp(type, "striped") == 0 || strcmp(type, "linear") == 0;
}

/* Areas. */

static int add_area(struct lvm_reading *r, const struct lvm_member *m, uint64_t start,
		    uint64_t count)
{
	if (start > m->count || count > m->count - start || count == 0)
		return -EINVAL;
	if (r->n_areas == r->room) {
		size_t room = r->room * 2 + 64;
		struct lvm_area *grown = realloc(r->areas, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		r->areas = grown;
		r->room = room;
	}
	r->areas[r->n_areas++] = (struct lvm_area){ (size_t)(m - r->members), start, count };
	return 0;
}

/* How many extents each place in the lists of a segment has. */
static int area_count(const struct lvm_node *segment, const char *type, uint64_t *count)
{
	uint64_t stripes;

	if (!lvm_number(segment, "extent_count", UINT32_MAX, count) || *count == 0)
		return -EINVAL;
	if (!is_plain(type))
		return 0;
	if (!lvm_number(segment, "stripe_count", STRIPES_MAX, &stripes) || stripes == 0 ||
	    *count % stripes != 0)
		return -EINVAL;
	*count /= stripes;
	return 0;
}

static void mark_used(const struct lvm_reading *r, const char *name, const char *type)
{
	struct lvm_entry *e = lvm_entry_find(r, name);

	if (e)
		e->used_by = type;
}

/* A list of a segment: names of physical volumes, each with the extent where it starts, or of
   logical ones. */
static int scan_list(struct lvm_reading *r, const struct lvm_node *list, const char *type,
		     uint64_t count)
{
	int rc = 0;

	for (const struct lvm_node *c = list->child; rc == 0 && c; c = c->next) {
		const struct lvm_member *m;

		if (c->kind != LVM_STRING)
			continue;
		mark_used(r, c->text, type);
		m = lvm_member_find(r, c->text);
		if (m && (!c->next || c->next->kind != LVM_NUMBER))
			return -EINVAL;
		if (m)
			rc = add_area(r, m, c->next->number, count);
	}
	return rc;
}

static int scan_segment(struct lvm_reading *r, const struct lvm_node *segment)
{
	const char *type = lvm_string(segment, "type");
	uint64_t count;
	int rc;

	if (!type)
		return -EINVAL;
	r->strange = r->strange || !is_known(type);
	rc = area_count(segment, type, &count);
	for (const struct lvm_node *c = segment->child; rc == 0 && c; c = c->next) {
		if (strcmp(c->name, "tags") == 0)
			continue;
		if (c->kind == LVM_STRING && strcmp(c->name, "type") != 0)
			mark_used(r, c->text, type);
		else if (c->kind == LVM_LIST)
			rc = scan_list(r, c, type, count);
	}
	return rc;
}

int lvm_volume_scan(struct lvm_reading *r, const struct lvm_node *volume)
{
	int rc = 0;

	for (const struct lvm_node *c = volume->child; rc == 0 && c; c = c->next) {
		if (c->kind == LVM_SECTION)
			rc = scan_segment(r, c);
	}
	return rc;
}

/* Segments. */

/* Adds a segment, to the last one where it goes on from there. */
static int add_segment(struct lvm_volume *v, struct stretch s)
{
	struct stretch *last = v->n_segments ? &v->segments[v->n_segments - 1] : NULL;
	struct stretch *grown = v->segments;

	if (last && last->stripes == 1 && s.stripes == 1 && extent_end(last->in) == s.in.start) {
		last->in.len += s.in.len;
		return 0;
	}
	if ((v->n_segments & (v->n_segments - 1)) == 0)
		grown = realloc(grown, (v->n_segments * 2 + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	v->segments = grown;
	v->segments[v->n_segments++] = s;
	return 0;
}

/* The bytes of count extents of a place in a list; false for what is no physical volume. */
static bool find_bytes(const struct lvm_reading *r, const struct lvm_node *place, uint64_t count,
		       struct extent *e)
{
	const struct lvm_member *m;

	if (!place || place->kind != LVM_STRING || !place->next ||
	    place->next->kind != LVM_NUMBER)
		return false;
	m = lvm_member_find(r, place->text);
	if (!m || !m->pv || place->next->number > m->count ||
	    count > m->count - place->next->number)
		return false;
	*e = (struct extent){ m->start + place->next->number * r->extent, count * r->extent };
	return true;
}

static int read_stripes(const struct lvm_reading *r, const struct lvm_node *segment,
			struct lvm_volume *v)
{
	const struct lvm_node *list = lvm_find(segment, "stripes", LVM_LIST);
	const struct lvm_node *place = list ? list->child : NULL;
	struct stretch s = { .chunk = 0 };
	uint64_t count, stripes, chunk = 0;
	int rc = 0;

	if (!lvm_number(segment, "extent_count", UINT32_MAX, &count) ||
	    !lvm_number(segment, "stripe_count", STRIPES_MAX, &stripes) || stripes == 0 ||
	    count % stripes != 0)
		return -EINVAL;
	if (stripes > 1 && (!lvm_number(segment, "stripe_size", UINT32_MAX / SECTOR, &chunk) ||
			    chunk == 0 || r->extent % (chunk * SECTOR) != 0))
		return -EINVAL;
	s.stripes = (uint32_t)stripes;
	s.chunk = (uint32_t)(chunk * SECTOR);
	for (uint64_t i = 0; rc == 0 && i < stripes; i++) {
		if (!find_bytes(r, place, count / stripes, &s.in))
			return -EINVAL;
		rc = add_segment(v, s);
		place = place->next->next;
	}
	return rc == 0 && place ? -EINVAL : rc;
}

/* Of one segment: in its place, and its own verdict or its stripes. */
static int read_segment(const struct lvm_reading *r, const struct lvm_node *segment,
			struct lvm_volume *v, uint64_t *extents)
{
	const char *type = lvm_string(segment, "type");
	uint64_t start, count;

	if (!type || !lvm_number(segment, "start_extent", UINT32_MAX, &start) ||
	    start != *extents || !lvm_number(segment, "extent_count", UINT32_MAX, &count) ||
	    count == 0)
		return -EINVAL;
	*extents += count;
	if (!is_plain(type))
		error_set(&v->verdict, WHY_LV_TYPE, 0, type);
	return v->verdict.why == WHY_NONE ? read_stripes(r, segment, v) : 0;
}

static void drop_segments(struct lvm_volume *v)
{
	free(v->segments);
	v->segments = NULL;
	v->n_segments = 0;
}

static void find_first(const struct lvm *lvm, struct lvm_volume *v)
{
	for (size_t i = 0; i < lvm->n_pvs; i++) {
		if (extent_overlaps(lvm->pvs[i].window, v->segments[0].in))
			v->first = i;
	}
}

int lvm_volume_read(struct lvm_reading *r, const struct lvm_node *node, struct lvm_volume *volume)
{
	uint64_t extents = 0, wanted, n = 0;
	int rc = 0;

	for (const struct lvm_node *c = node->child; rc == 0 && c; c = c->next) {
		if (c->kind != LVM_SECTION)
			continue;
		rc = read_segment(r, c, volume, &extents);
		n++;
	}
	if (rc == 0 && (extents == 0 || extents > (uint64_t)INT64_MAX / r->extent ||
			!lvm_number(node, "segment_count", UINT32_MAX, &wanted) || wanted != n))
		rc = -EINVAL;
	if (rc == 0)
		volume->size = extents * r->extent;
	if (rc < 0 || volume->verdict.why != WHY_NONE)
		drop_segments(volume);
	else
		find_first(r->lvm, volume);
	return rc;
}

/* What is left. */

static int compare_areas(const void *a, const void *b)
{
	const struct lvm_area *x = a;
	const struct lvm_area *y = b;

	if (x->member != y->member)
		return x->member < y->member ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

/* The rest of one member, whose areas begin at index *i. */
static int rest_of(const struct lvm_reading *r, size_t member, size_t *i, struct lvm_volume *v)
{
	const struct lvm_member *m = &r->members[member];
	uint64_t at = 0;
	int rc = 0;

	while (rc == 0 && at < m->count) {
		bool more = *i < r->n_areas && r->areas[*i].member == member;
		uint64_t end = more ? r->areas[*i].start : m->count;
		struct stretch s = { { m->start + at * r->extent, (end - at) * r->extent }, 1, 0 };

		if (end < at)
			return -EINVAL;
		if (end > at && m->pv)
			rc = add_segment(v, s);
		v->size += m->pv ? s.in.len : 0;
		at = more ? end + r->areas[(*i)++].count : end;
	}
	return rc;
}

static int compare_segments(const void *a, const void *b)
{
	const struct stretch *x = a;
	const struct stretch *y = b;

	return (x->in.start > y->in.start) - (x->in.start < y->in.start);
}

int lvm_volume_rest(struct lvm_reading *r, struct lvm_volume *volume)
{
	size_t at = 0;
	int rc = 0;

	if (r->n_areas)
		qsort(r->areas, r->n_areas, sizeof(*r->areas), compare_areas);
	for (size_t i = 0; rc == 0 && i < r->n_members; i++)
		rc = rest_of(r, i, &at, volume);
	if (rc == 0 && at < r->n_areas)
		rc = -EINVAL;
	if (volume->n_segments)
		qsort(volume->segments, volume->n_segments, sizeof(*volume->segments),
		      compare_segments);
	return rc;
}
