package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	boxWidth, boxHeight = 110, 34
	slotWidth           = 140
	rowHeight           = 74
	margin              = 20
)

// node is a room in its row, or, without a name, the place where an arrow passes
// through a row.
type node struct {
	room   string
	row    int
	slot   int
	higher []*node // what points to it
}

// placed is a graph with everything in its place.
type placed struct {
	rows   [][]*node
	arrows [][]*node // from the room that imports to the one that is imported
}

func place(g graph) *placed {
	p := &placed{}
	rooms := map[string]*node{}
	names := slices.Sorted(maps.Keys(g))
	depths := map[string]int{}
	for _, name := range names {
		n := &node{room: name, row: depth(g, name, depths)}
		rooms[name] = n
		p.add(n)
	}
	for _, from := range names {
		for _, to := range g[from] {
			p.connect(rooms[from], rooms[to])
		}
	}
	// From the top, each row in the order of what points to it.
	for _, row := range p.rows {
		slices.SortStableFunc(row, func(a, b *node) int { return cmp.Compare(a.pull(), b.pull()) })
		for i, n := range row {
			n.slot = i
		}
	}
	return p
}

// depth is the length of the longest way to a room from the top.
func depth(g graph, room string, known map[string]int) int {
	if d, there := known[room]; there {
		return d
	}
	d := 0
	for from, all := range g {
		if slices.Contains(all, room) {
			d = max(d, depth(g, from, known)+1)
		}
	}
	known[room] = d
	return d
}

func (p *placed) add(n *node) {
	for len(p.rows) <= n.row {
		p.rows = append(p.rows, nil)
	}
	p.rows[n.row] = append(p.rows[n.row], n)
}

// connect draws an arrow, with its own place in each row that it passes.
func (p *placed) connect(from, to *node) {
	arrow := []*node{from}
	for row := from.row + 1; row < to.row; row++ {
		passes := &node{row: row, higher: arrow[len(arrow)-1:]}
		p.add(passes)
		arrow = append(arrow, passes)
	}
	to.higher = append(to.higher, arrow[len(arrow)-1])
	p.arrows = append(p.arrows, append(arrow, to))
}

// pull is how far to the left or right a node would be if it were below what points
// to it, counted from the middle.
func (n *node) pull() float64 {
	if len(n.higher) == 0 {
		return 0
	}
	sum := 0.0
	for _, other := range n.higher {
		sum += float64(other.slot)
	}
	return sum / float64(len(n.higher))
}

func (p *placed) size() (width, height int) {
	for _, row := range p.rows {
		width = max(width, len(row)*slotWidth)
	}
	return width + 2*margin, len(p.rows)*rowHeight + 2*margin
}

func (p *placed) center(n *node) (x, y int) {
	width, _ := p.size()
	left := (width - len(p.rows[n.row])*slotWidth) / 2
	return left + n.slot*slotWidth + slotWidth/2, margin + n.row*rowHeight + rowHeight/2
}

// path goes through the nodes of an arrow, from below the first box to above the last.
func (p *placed) path(arrow []*node) string {
	var path strings.Builder
	x, y := p.center(arrow[0])
	y += boxHeight / 2
	fmt.Fprintf(&path, "M%d,%d", x, y)
	for _, n := range arrow[1:] {
		nextX, nextY := p.center(n)
		if n.room != "" {
			nextY -= boxHeight/2 + 1
		}
		middle := (y + nextY) / 2
		fmt.Fprintf(&path, " C%d,%d %d,%d %d,%d", x, middle, nextX, middle, nextX, nextY)
		x, y = nextX, nextY
	}
	return path.String()
}
