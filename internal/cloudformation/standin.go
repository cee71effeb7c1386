package cloudformation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"gatehouse/internal/document"
	"gatehouse/internal/identity"
	"gatehouse/internal/stack"
)

// standIn records resources with nothing behind them. Ref is the name that the template gives, or a
// generated one, so that a function finds its table's name in its environment.
type standIn struct{ typ string }

func (s standIn) create(_ context.Context, r *request) (result, error) {
	return result{physical: s.physical(r)}, nil
}

func (s standIn) update(_ context.Context, r *request) (result, error) {
	return result{physical: s.physical(r)}, nil
}

func (standIn) delete(context.Context, *request) error { return nil }

// recorded says how the ids of well-known types are built: which property names the resource, and what
// Ref and the ARN look like.
type recorded struct {
	// name is the property that names the resource.
	name string
	// ref is the form of Ref, arn that of GetAtt Arn: "arn" is {arn}; %s is the name.
	ref, arn string
	lower    bool
	// id is what the generated id begins with, of types whose Ref is one; self is the attribute that is the same.
	id, self string
}

// wellKnown returns the row of a type; the form for the others is a plain ARN with the name as resource.
func wellKnown(typ string) recorded {
	switch typ {
	case "AWS::S3::Bucket":
		return recorded{name: "BucketName", ref: "%s", arn: "s3:::%s", lower: true}
	case "AWS::Logs::LogGroup":
		return recorded{name: "LogGroupName", ref: "%s", arn: "logs:{here}:log-group:%s:*"}
	case "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable":
		return recorded{name: "TableName", ref: "%s", arn: "dynamodb:{here}:table/%s"}
	case "AWS::Cognito::UserPool":
		return recorded{ref: "%s", arn: "cognito-idp:{here}:userpool/%s"}
	case "AWS::SQS::Queue":
		return recorded{name: "QueueName", ref: "https://sqs.{region}.amazonaws.com/{account}/%s", arn: "sqs:{here}:%s"}
	case "AWS::SNS::Topic":
		return recorded{name: "TopicName", ref: "{arn}", arn: "sns:{here}:%s"}
	case "AWS::SSM::Parameter":
		return recorded{name: "Name", ref: "%s", arn: "ssm:{here}:parameter/%s"}
	case "AWS::SecretsManager::Secret":
		return recorded{name: "Name", ref: "{arn}", arn: "secretsmanager:{here}:secret:%s"}
	case "AWS::Events::Rule":
		return recorded{name: "Name", ref: "%s", arn: "events:{here}:rule/%s"}
	case "AWS::Kinesis::Stream":
		return recorded{name: "Name", ref: "%s", arn: "kinesis:{here}:stream/%s"}
	case "AWS::EC2::VPC":
		return recorded{ref: "%s", arn: "ec2:{here}:vpc/%s", id: "vpc-", self: "VpcId"}
	case "AWS::EC2::Subnet":
		return recorded{ref: "%s", arn: "ec2:{here}:subnet/%s", id: "subnet-", self: "SubnetId"}
	case "AWS::EC2::SecurityGroup":
		return recorded{ref: "%s", arn: "ec2:{here}:security-group/%s", id: "sg-", self: "GroupId"}
	case "AWS::StepFunctions::StateMachine":
		return recorded{name: "StateMachineName", ref: "{arn}", arn: "states:{here}:stateMachine:%s"}
	}
	service := "custom"
	if part := strings.Split(typ, "::"); len(part) == 3 {
		service = strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, part[1])
	}
	return recorded{ref: "%s", arn: service + ":{here}:%s"}
}

// fill writes a form out for a name.
func (w recorded) fill(form string, home identity.Home, name string) string {
	return strings.NewReplacer(
		"{here}", string(home.Region)+":"+string(home.Account),
		"{region}", string(home.Region), "{account}", string(home.Account), "%s", name,
	).Replace(form)
}

func (w recorded) arnOf(home identity.Home, name string) string {
	return "arn:" + string(home.Partition) + ":" + w.fill(w.arn, home, name)
}

// nameOf is the name of a stand-in, from its properties or generated.
func (w recorded) nameOf(p properties, generated string) string {
	if v := p.v.Get(w.name); w.name != "" && v != nil && v.Kind == document.String && v.Text != "" {
		return v.Text
	}
	if w.lower {
		generated = strings.ToLower(generated) // generated names are ASCII
	}
	return generated
}

func (s standIn) physical(r *request) string {
	w := wellKnown(s.typ)
	name := w.nameOf(r.props, r.generated)
	if w.id != "" {
		sum := sha256.Sum256([]byte(s.typ + "\x00" + r.generated))
		name = w.id + "0" + hex.EncodeToString(sum[:8])
	}
	if w.ref == "{arn}" {
		return w.arnOf(r.home, name)
	}
	return w.fill(w.ref, r.home, name)
}

// standInAttribute is what GetAtt returns for a stand-in: a plausible ARN; the property of the same name
// when that is a scalar (a VPC's CidrBlock); else a text that says where it is from.
func standInAttribute(home identity.Home, rec *stack.ResourceRecord, attribute string) (string, error) {
	props, err := unsealed(rec.Properties)
	if err != nil {
		return "", err
	}
	w := wellKnown(rec.Type)
	physical := string(rec.PhysicalID)
	name := w.nameOf(properties{props}, physical)
	switch {
	case attribute == "Arn" && w.ref == "{arn}", w.self == attribute:
		return physical, nil
	case attribute == "Arn":
		if w.ref != "%s" {
			name = physical[strings.LastIndexByte(physical, '/')+1:]
		}
		return w.arnOf(home, name), nil
	}
	if v := props.Get(attribute); v != nil && (v.Kind == document.String || v.Kind == document.Number) {
		return v.Text, nil
	}
	return fmt.Sprintf("%s-%s", physical, attribute), nil
}
