"""Kernels that colour the pieces of a drawing at least cost: graph cuts on a small graph.

Expansion moves after Boykov, Veksler and Zabih, "Fast approximate energy minimization via graph
cuts" (2001), section 5; the minimum cut by blocking flows (Dinic, 1970).
"""

# ruff: noqa: PLR0912, PLR0915 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import numpy as np

from segmentation._jit import Array, kernel

# Below this share of the largest cost a capacity, or what a move gains, is rounding.
_TINY = 1e-12


@kernel("float64(float64[:,::1], int64[:,::1], float64[::1], int64[::1])")
def energy(costs: Array, edges: Array, weights: Array, labels: Array) -> float:
    """Sum the cost of every node's label and the weight of every edge whose labels differ."""
    total = 0.0
    for node in range(len(labels)):
        total += costs[node, labels[node]]
    for e in range(len(edges)):
        if labels[edges[e, 0]] != labels[edges[e, 1]]:
            total += weights[e]
    return total


@kernel(
    "boolean[::1](int64, int64[::1], int64[::1], float64[::1], int64[::1], int64[::1], float64)"
)
def source_side(
    nodes: int, start: Array, arcs: Array, room: Array, heads: Array, twins: Array, tiny: float
) -> Array:
    """Push the maximum flow from node 0 to node 1, in place; return what node 0 still reaches.

    Node i has the arcs arcs[start[i]:start[i + 1]]; arc k leads to heads[k], has room[k] left
    and runs opposite to twins[k].
    """
    level = np.empty(nodes, np.int64)
    queue = np.empty(nodes, np.int64)
    turn = np.empty(nodes, np.int64)  # next arc of each node that may still lead on
    trail = np.empty(nodes, np.int64)
    while True:
        level[:] = -1
        level[0] = 0
        queue[0] = 0
        head, tail = 0, 1
        while head < tail:
            node = queue[head]
            head += 1
            for k in range(start[node], start[node + 1]):
                arc = arcs[k]
                if room[arc] > tiny and level[heads[arc]] < 0:
                    level[heads[arc]] = level[node] + 1
                    queue[tail] = heads[arc]
                    tail += 1
        if level[1] < 0:
            return level >= 0
        turn[:] = start[:-1]
        node, steps = 0, 0
        while True:
            if node == 1:
                push = np.inf
                for i in range(steps):
                    push = min(push, room[trail[i]])
                back = steps
                for i in range(steps - 1, -1, -1):
                    room[trail[i]] -= push
                    room[twins[trail[i]]] += push
                    if room[trail[i]] <= tiny:
                        back = i
                steps = back
                node = heads[twins[trail[steps]]]
                continue
            on = False
            while turn[node] < start[node + 1]:
                arc = arcs[turn[node]]
                if room[arc] > tiny and level[heads[arc]] == level[node] + 1:
                    on = True
                    break
                turn[node] += 1
            if on:
                trail[steps] = arc
                steps += 1
                node = heads[arc]
            elif steps == 0:
                break
            else:
                steps -= 1
                node = heads[twins[trail[steps]]]
                turn[node] += 1


@kernel("boolean(float64[:,::1], int64[:,::1], float64[::1], int64[::1], int64)")
def expand(costs: Array, edges: Array, weights: Array, labels: Array, to: int) -> bool:
    """Let the best of all sets of nodes change to the label `to`, in place; tell if one gains.

    Nodes that cannot gain with any choice of the others are left out. Node i of the graph is
    number[i] + 2 of the flow network; the source side keeps its label. The cost
    of a pair by who changes is n (neither), f (the first), s (the second) and 0 (both), which
    equals n, (f - n) if the first changes, -f if the second does, and (s + f - n), never
    negative, where the second alone does (Kolmogorov and Zabih 2004, theorem 4.1).
    """
    gain = np.empty(len(labels), np.float64)  # what changing costs more than staying
    spared = np.zeros(len(labels), np.float64)  # the most that it can save at its edges
    for e in range(len(edges)):
        spared[edges[e, 0]] += weights[e]
        spared[edges[e, 1]] += weights[e]
    number = np.full(len(labels), -1, np.int64)
    count = 0
    most = 1.0
    for i in range(len(labels)):
        gain[i] = costs[i, to] - costs[i, labels[i]]
        if labels[i] != to and gain[i] < spared[i]:
            number[i] = count
            count += 1
            most = max(most, abs(gain[i]))
    if count == 0:
        return False
    total = 2 * (count + len(edges))
    heads = np.empty(total, np.int64)
    tails = np.empty(total, np.int64)
    twins = np.empty(total, np.int64)
    room = np.zeros(total, np.float64)
    arc = 0
    for e in range(len(edges)):
        a, b, w = edges[e, 0], edges[e, 1], weights[e]
        n = w if labels[a] != labels[b] else 0.0
        f = w if labels[b] != to else 0.0
        s = w if labels[a] != to else 0.0
        if number[b] < 0:
            gain[a] += f - n
        elif number[a] < 0:
            gain[b] += s - n
        else:
            gain[a] += f - n
            gain[b] -= f
            tails[arc], heads[arc], room[arc] = number[a] + 2, number[b] + 2, s + f - n
            tails[arc + 1], heads[arc + 1] = number[b] + 2, number[a] + 2
            arc += 2
    for i in range(len(labels)):
        if number[i] >= 0:
            tails[arc], heads[arc], room[arc] = 0, number[i] + 2, gain[i]
            if gain[i] <= 0:
                tails[arc], heads[arc], room[arc] = number[i] + 2, 1, -gain[i]
            tails[arc + 1], heads[arc + 1] = heads[arc], tails[arc]
            arc += 2
    total = arc
    for k in range(total):
        twins[k] = k ^ 1
    start = np.zeros(count + 3, np.int64)
    for k in range(total):
        start[tails[k] + 1] += 1
    for i in range(count + 2):
        start[i + 1] += start[i]
    arcs = np.empty(total, np.int64)
    at = start[:-1].copy()
    for k in range(total):
        arcs[at[tails[k]]] = k
        at[tails[k]] += 1
    keeps = source_side(count + 2, start, arcs, room, heads, twins, _TINY * most)
    before = energy(costs, edges, weights, labels)
    old = labels.copy()
    for i in range(len(labels)):
        if number[i] >= 0 and not keeps[number[i] + 2]:
            labels[i] = to
    if energy(costs, edges, weights, labels) < before - _TINY * most:
        return True
    labels[:] = old
    return False


@kernel("int64[::1](float64[:,::1], int64[:,::1], float64[::1], int64[::1])")
def cheapest(costs: Array, edges: Array, weights: Array, order: Array) -> Array:
    """Label nodes at low cost: their own best labels, then expansion moves until none gains.

    Labels are tried in the given order; among a node's equals the first in that order wins.
    """
    labels = np.empty(len(costs), np.int64)
    for i in range(len(costs)):
        labels[i] = order[0]
        for to in order:
            if costs[i, to] < costs[i, labels[i]]:
                labels[i] = to
    if len(edges) == 0:
        return labels
    idle = 0
    while idle < len(order):
        for to in order:
            if idle == len(order):
                break
            idle = 0 if expand(costs, edges, weights, labels, to) else idle + 1
    return labels
