package serverless

import "gatehouse/internal/document"

// putLayers declares the layers of the service, so that {Ref: NameLambdaLayer} resolves. The framework
// packages them and adds outputs; here they are only named.
func (c *compiler) putLayers() {
	for _, f := range c.fields(c.cfg.Get("layers"), "layers") {
		p, cfg, where := pen{f.Pos}, f.Value, "layers."+f.Name+"."
		c.fields(cfg, "layers."+f.Name)
		c.warn(f.Pos, "layers are not built here: functions run without their content")
		name := c.textValue(cfg.Get("name"), where+"name")
		if name == nil {
			name = p.str(f.Name)
		}
		var keep *document.Value
		if c.flag(cfg.Get("retain"), where+"retain") {
			keep = p.str("Retain")
		}
		c.resources.put(functionID(f.Name)+"LambdaLayer", p.resource("AWS::Lambda::LayerVersion", p.obj(
			set("Content", p.obj(set("S3Bucket", c.bucket(p)), set("S3Key", p.str(c.artifacts()+f.Name+".zip")))),
			set("LayerName", name),
			set("Description", c.textValue(cfg.Get("description"), where+"description")),
			set("CompatibleRuntimes", c.listValue(cfg.Get("compatibleRuntimes"))),
			set("LicenseInfo", c.textValue(cfg.Get("licenseInfo"), where+"licenseInfo")),
		), set("DeletionPolicy", keep)))
	}
}
