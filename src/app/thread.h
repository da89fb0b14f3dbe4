/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_THREAD_H
#define ACHICA_APP_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* Starts fn(arg) with all signals blocked: they are for the thread that has the terminal. With
   thread NULL it is detached. Returns -errno. */
int thread_start(pthread_t *thread, void *(*fn)(void *), void *arg);

/* A mutex, and a condition whose timed waits are by CLOCK_MONOTONIC. Returns -errno. */
int thread_sync(pthread_mutex_t *mutex, pthread_cond_t *cond);

/* CLOCK_MONOTONIC in microseconds: for how long something has not answered, while the machine is
   awake. */
uint64_t thread_now_us(void);

/* Waits for cond, us microseconds at most: 0, or -ETIMEDOUT. */
int thread_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t us);

#endif
