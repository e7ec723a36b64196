package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest/picture"
)

// card is red in its left half and blue in its right one.
func card(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{200, 0, 0, 255}
			if x >= w/2 {
				c = color.NRGBA{0, 0, 200, 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decoded(t *testing.T, p picture.Picture) image.Image {
	t.Helper()
	img, kind, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil || "image/"+kind != p.Type {
		t.Fatalf("%s as %s: %v", kind, p.Type, err)
	}
	return img
}

func TestAPictureFitsItsSlot(t *testing.T) {
	for name, c := range map[string]struct {
		w, h       int
		slot       picture.Slot
		dots       image.Point
		shown      image.Point
		underlying string
	}{
		"large":           {2400, 1600, picture.Slot{Width: 600, Wide: true}, image.Pt(1200, 600), image.Pt(600, 300), "image/jpeg"},
		"small slot":      {2400, 1200, picture.Slot{Width: 276, Wide: true}, image.Pt(552, 276), image.Pt(276, 138), "image/jpeg"},
		"small picture":   {500, 400, picture.Slot{Width: 600, Wide: true}, image.Pt(500, 250), image.Pt(600, 300), "image/jpeg"},
		"panorama":        {3000, 600, picture.Slot{Width: 600, Wide: true}, image.Pt(1200, 600), image.Pt(600, 300), "image/jpeg"},
		"portrait":        {600, 1200, picture.Slot{Width: 600, Wide: true}, image.Pt(600, 300), image.Pt(600, 300), "image/jpeg"},
		"its proportions": {1000, 250, picture.Slot{Width: 200}, image.Pt(400, 100), image.Pt(200, 50), "image/jpeg"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Fit(jpegOf(t, card(c.w, c.h)), c.slot)
			if err != nil {
				t.Fatal(err)
			}
			if got := decoded(t, p).Bounds().Size(); got != c.dots {
				t.Errorf("%v dots, want %v", got, c.dots)
			}
			if got := image.Pt(p.Width, p.Height); got != c.shown || p.Type != c.underlying {
				t.Errorf("shown at %v as %s, want %v", got, p.Type, c.shown)
			}
		})
	}
}

func TestTheSamePictureGivesTheSameBytes(t *testing.T) {
	data := jpegOf(t, card(1400, 900))
	a, _ := picture.Fit(data, picture.Slot{Width: 600, Wide: true})
	b, _ := picture.Fit(data, picture.Slot{Width: 600, Wide: true})
	if a.ID != b.ID || len(a.ID) != 32 || !bytes.Equal(a.Data, b.Data) {
		t.Errorf("%s and %s", a.ID, b.ID)
	}
}

func TestWhatLetsItsGroundThroughStaysAPNG(t *testing.T) {
	img := card(400, 200)
	img.SetNRGBA(3, 3, color.NRGBA{})
	p, err := picture.Fit(pngOf(t, img), picture.Slot{Width: 200})
	if err != nil || p.Type != "image/png" {
		t.Errorf("%s, %v", p.Type, err)
	}
	if p, err = picture.Fit(pngOf(t, card(400, 200)), picture.Slot{Width: 200}); err != nil || p.Type != "image/jpeg" {
		t.Errorf("%s, %v", p.Type, err)
	}
}

func TestACameraHeldOnItsSide(t *testing.T) {
	plain := jpegOf(t, card(400, 400))
	for want, isRed := range map[byte]func(x, y int) bool{
		1: func(x, _ int) bool { return x < 200 },
		2: func(x, _ int) bool { return x >= 200 },
		3: func(x, _ int) bool { return x >= 200 },
		6: func(_, y int) bool { return y < 200 },
		8: func(_, y int) bool { return y >= 200 },
	} {
		app1 := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(want) + "\x00\x00\x00\x00\x00\x00")
		data := append(append([]byte{0xff, 0xd8}, app1...), plain[2:]...)
		p, err := picture.Fit(data, picture.Slot{Width: 200})
		if err != nil {
			t.Fatal(err)
		}
		img := decoded(t, p)
		for _, at := range []image.Point{{50, 50}, {350, 50}, {50, 350}, {350, 350}} {
			r, _, b, _ := img.At(at.X, at.Y).RGBA()
			if (r > b) != isRed(at.X, at.Y) {
				t.Errorf("orientation %d: wrong colour at %v", want, at)
			}
		}
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	bomb := pngOf(t, image.NewGray(image.Rect(0, 0, 16, 16)))
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 dots each way, by its header
	var dot bytes.Buffer
	if err := gif.Encode(&dot, image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.White}), nil); err != nil {
		t.Fatal(err)
	}
	cut := jpegOf(t, card(600, 300))
	for name, data := range map[string][]byte{
		"nothing": nil, "HTML": []byte("<html>"), "SVG": []byte("<svg onload='x'/>"), "bomb": bomb, "tracking pixel": dot.Bytes(),
		"too heavy": append(jpegOf(t, card(9, 9)), []byte(strings.Repeat("x", 11<<20))...), "cut off": cut[:len(cut)/8],
	} {
		if p, err := picture.Fit(data, picture.Slot{Width: 600, Wide: true}); err == nil {
			t.Errorf("%s was taken as %d × %d", name, p.Width, p.Height)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add(jpegOf(f, card(40, 20)))
	f.Add(pngOf(f, card(40, 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := picture.Check(data); err != nil || c.Width*c.Height > 1<<20 {
			return
		}
		if p, err := picture.Fit(data, picture.Slot{Width: 60, Wide: true}); err == nil && (p.Width != 60 || p.Height < 1 || len(p.Data) == 0) {
			t.Errorf("%+v", p)
		}
	})
}
