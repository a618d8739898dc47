package portal

import (
	"slices"
	"strings"
)

// graph is the structure of a pipeline: which stage comes after which, and which environments are
// on them. It is computed once for everyone who asks the same state.
type graph struct {
	pipeline *Pipeline
	index    map[string]int
	final    int       // of the final stage; -1 for a pipeline that does not validate
	before   [][]int   // the stages directly before each stage
	sites    [][]*Site // the regular environments of each stage, by name
	levels   []Level   // of each rule of the rulebook
	// timed is whether a stage has a soak time and several environments of which the closest
	// counts: which one that is changes with time.
	timed bool
}

// graph returns the graph of a state that has a pipeline.
func (s *State) graph() *graph {
	r := s.remembered
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.graph == nil || r.graph.pipeline != s.Pipeline {
		r.graph = s.newGraph()
	}
	return r.graph
}

func (s *State) newGraph() *graph {
	p := s.Pipeline
	g := &graph{pipeline: p, index: p.index(), final: -1, before: make([][]int, len(p.Stages)), sites: make([][]*Site, len(p.Stages))}
	if final := p.final(g.index); final != nil {
		g.final = g.index[final.Name]
	}
	for i := range p.Stages {
		for _, name := range p.Stages[i].After {
			if j, known := g.index[name]; known {
				g.before[i] = append(g.before[i], j)
			}
		}
	}
	for _, site := range s.Sites {
		if i, known := g.index[site.Stage]; known && site.Lane == LaneRegular {
			g.sites[i] = append(g.sites[i], site)
		}
	}
	for i, on := range g.sites {
		g.timed = g.timed || (len(on) > 1 && p.Stages[i].Quorum != QuorumAll && p.Stages[i].SoakTime > 0)
		slices.SortFunc(on, func(a, b *Site) int { return strings.Compare(a.Name, b.Name) })
	}
	g.levels = make([]Level, len(rulebook))
	for i, spec := range rulebook {
		g.levels[i] = p.Level(spec.ID)
	}
	return g
}

// stage returns the stage of that name with its index, or nil.
func (g *graph) stage(name string) (*Stage, int) {
	i, known := g.index[name]
	if !known {
		return nil, -1
	}
	return &g.pipeline.Stages[i], i
}

// ancestors lists the stages that come before one, directly or not, in the
// pipeline's order.
func (g *graph) ancestors(stage int) []int {
	seen := make([]bool, len(g.before))
	n := g.visit(stage, seen)
	stages := make([]int, 0, n)
	for i, is := range seen {
		if is {
			stages = append(stages, i)
		}
	}
	return stages
}

func (g *graph) visit(stage int, seen []bool) int {
	n := 0
	for _, i := range g.before[stage] {
		if !seen[i] {
			seen[i] = true
			n += 1 + g.visit(i, seen)
		}
	}
	return n
}
