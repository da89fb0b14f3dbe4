/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The few things that jobs and surveys want from pthreads. */

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "app/thread.h"

#define SECOND_NS 1000000000L

int thread_start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	pthread_t started;
	sigset_t all;
	sigset_t before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&started, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return -rc;
	if (thread)
		*thread = started;
	else
		pthread_detach(started);
	return 0;
}

int thread_sync(pthread_mutex_t *mutex, pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int rc = pthread_mutex_init(mutex, NULL);

	if (rc)
		return -rc;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	if (rc)
		pthread_mutex_destroy(mutex);
	return -rc;
}

uint64_t thread_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int thread_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t us)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(us / 1000000);
	until.tv_nsec += (long)(us % 1000000) * 1000;
	if (until.tv_nsec >= SECOND_NS) {
		until.tv_nsec -= SECOND_NS;
		until.tv_sec++;
	}
	return -pthread_cond_timedwait(cond, mutex, &until);
}
